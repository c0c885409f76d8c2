-- Whether a row of the platform's table is found by its id without reading all of them.
SELECT EXISTS (
    SELECT 1 FROM pragma_table_info(?1, ?2) WHERE name = ?3 COLLATE NOCASE AND pk = 1)
  OR EXISTS (
    SELECT 1 FROM pragma_index_list(?1, ?2) AS list JOIN pragma_index_info(list.name, ?2) AS info
    WHERE list.partial = 0 AND info.seqno = 0 AND info.name = ?3 COLLATE NOCASE)
