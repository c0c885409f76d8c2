INSERT INTO {{schema}}.single_row DEFAULT VALUES
