SELECT counted, counted_to, is_clearing, is_recounting, unexplained, is_sure, recounted_at,
  (SELECT coalesce(sum(letters), 0) FROM deadletter_letter_count),
  (SELECT coalesce(max(number), 0) FROM deadletter_letter)
FROM deadletter_counting
