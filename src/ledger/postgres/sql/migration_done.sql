INSERT INTO {{schema}}.migration (version, name) VALUES ({{version}}, '{{name}}');
