-- Everything is counted anew.
UPDATE {{schema}}.counting SET counted = 0, walk = '00000000-0000-0000-0000-000000000000'
