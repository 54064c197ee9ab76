"""Rows that are hard to bring into an order: ties, nulls, numbers that are none, and whatever SQLite lets in."""

UNTIDY = {
    "sqlite": """
        CREATE TABLE things (code TEXT PRIMARY KEY, amount DECIMAL(10,2), moment DATETIME, day DATE,
          flag BOOLEAN, ref UUID);
        INSERT INTO things VALUES
          ('a', 1, '2026-01-01', '2026-01-01 00:00:00', 1, 'ABCDEF00-0000-4000-8000-000000000001'),
          ('B', '1.00', '2026-01-01T00:00:00Z', '2026-01-01', 0, 'abcdef00000040008000000000000001'),
          ('b', 'much', 'soon', NULL, NULL, NULL), ('c', NULL, 17, 'never', 7, x'00ff'),
          ('d', 9007199254740993, '2026-01-01 00:00:00.5', '2025-12-31', 1, ''), ('', 0.1, NULL, '', 'yes', 'z'),
          ('Ä', -1e300, x'00', '2026-01-02', NULL, NULL);
    """,
    "postgresql": """
        CREATE TYPE size AS ENUM ('small', 'large', 'huge');
        CREATE TABLE things (
          code uuid PRIMARY KEY DEFAULT gen_random_uuid(), size size, rate real, amount numeric, fixed char(5),
          moment timestamptz, plain timestamp, day date, clock time, zoned timetz, flag boolean, big bigint
        );
        INSERT INTO things (size, rate, amount, fixed, moment, plain, day, clock, zoned, flag, big) VALUES
          ('huge', 0.1, 'NaN', 'a', 'infinity', '-infinity', 'infinity', '12:30', '12:30+02', true, 9007199254740993),
          ('small', 'NaN', 1.10, 'a ', '2026-01-01 00:00+01', '2026-01-01', '2026-01-01', '12:30:00.5',
            '10:30Z', false, 1),
          ('large', '-infinity', 1.1, 'A', '2025-12-31 23:00Z', NULL, NULL, NULL, NULL, NULL, NULL),
          (NULL, NULL, NULL, NULL, NULL, '2026-01-01 00:00:00.000001', '0044-03-15', '23:59:59.999999',
            '11:30+01', true, -1),
          ('small', 0.1, 12345678901234567890.123456789, '', '2026-01-01', '2026-01-01', '2026-01-01',
            '00:00', NULL, true, 1);
    """,
    "mariadb": """
        CREATE TABLE things (
          code VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, size ENUM('small', 'large', 'huge'), rate FLOAT,
          amount DECIMAL(30,10), fixed CHAR(5) COLLATE utf8mb4_general_ci, moment TIMESTAMP(6) NULL,
            plain DATETIME(3),
          day DATE, clock TIME(3), flag BOOLEAN, big BIGINT UNSIGNED, word VARCHAR(9) COLLATE utf8mb4_general_ci
        );
        INSERT INTO things VALUES
          ('a', 'huge', 0.1, 1.1, 'a', '2026-01-01 00:00:00.000001', '2026-01-01', '2026-01-01', '12:30', 1,
            1, 'same'),
          ('Ä1', 'small', 0.1, 1.10, 'A ', '2026-01-01', '2026-01-01', '2026-01-01', '12:30:00.5', 0, 0, 'SAME'),
          ('b', 'large', 3.4e38, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
          ('c', NULL, NULL, -1, '', '2026-01-01', '1000-01-01', '9999-12-31', '00:00', 1,
            18446744073709551615, 'sämE'),
          ('d', 'small', -1e-30, 12345678901234567890.1234567891, 'b', '2026-01-01', '2026-01-01', NULL,
            NULL, 5, 7, 'sam');
    """,
}  # fmt: skip
