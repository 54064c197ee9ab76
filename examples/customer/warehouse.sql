-- For SQLite, PostgreSQL and MariaDB alike.
CREATE TABLE accounts (customer_no VARCHAR(10) NOT NULL PRIMARY KEY, depot VARCHAR(40), points INTEGER);
CREATE TABLE shipments (
  number VARCHAR(10) NOT NULL PRIMARY KEY,
  account VARCHAR(10),
  FOREIGN KEY (account) REFERENCES accounts (customer_no)
);
INSERT INTO accounts VALUES ('1', 'Balboa', 100), ('3', NULL, 0), ('9', 'Colón', 7);
INSERT INTO shipments VALUES ('S1', '1'), ('S2', '1'), ('S3', '9'), ('S4', NULL);
