, rule, properties, headers, body, (
    SELECT part.replay_id FROM deadletter_replay_letter AS part
    WHERE part.letter_id = deadletter_letter.id AND part.step <> 'ended')
