-- For SQLite, PostgreSQL and MariaDB alike. Article numbers are texts of six digits here, as the shop has always written them.
CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer VARCHAR(40));
CREATE TABLE order_lines (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id INTEGER NOT NULL,
  article_no VARCHAR(10),
  quantity INTEGER NOT NULL,
  FOREIGN KEY (order_id) REFERENCES orders (id)
);
INSERT INTO orders VALUES (1, 'Ada'), (2, 'Bao');
INSERT INTO order_lines VALUES
  (1, 1, '000042', 2), (2, 1, '000007', 1), (3, 2, '000042', 5), (4, 2, '000099', 1), (5, 2, NULL, 1), (6, 2, '000013', 3),
  (7, 2, 'n/a', 1);
