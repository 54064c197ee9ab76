CREATE TABLE notes (id bigserial PRIMARY KEY, token text NOT NULL);
INSERT INTO notes (token) VALUES ('first');
