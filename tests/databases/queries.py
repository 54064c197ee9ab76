"""Queries over Chinook and Northwind, each beside the SQL that a person would write, and the statements it may take.

SQL is written with PostgreSQL's spelling of names; ``answers.py`` spells it as the database at hand does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Query:
    """``statements``: how many the gateway may send. ``ordered``: the order of the rows counts as well.

    The rows of ``sql`` have a column for each leaf of the query, in its order; a list without rows and an object that
    is null are one row of nulls, as an outer join has it.
    """

    name: str
    data: str
    query: str
    sql: str
    statements: int = 1
    ordered: bool = False


def _chinook(name: str, query: str, sql: str, *, statements: int = 1, ordered: bool = False) -> Query:
    return Query(name, "chinook", query, sql, statements, ordered)


def _northwind(name: str, query: str, sql: str, *, statements: int = 1, ordered: bool = False) -> Query:
    return Query(name, "northwind", query, sql, statements, ordered)


QUERIES = (
    _chinook(
        "a whole table",
        "{ artist { artistId name } }",
        "SELECT artist_id, name FROM artist",
    ),
    _chinook(
        "a page in an order of two columns",
        "{ track(orderBy: [{ milliseconds: DESC }, { trackId: ASC }], limit: 7, offset: 3) { trackId name bytes } }",
        "SELECT track_id, name, bytes FROM track ORDER BY milliseconds DESC, track_id LIMIT 7 OFFSET 3",
        ordered=True,
    ),
    _chinook(
        "one row by its key",
        "{ albumByAlbumId(albumId: 7) { title artist { name } } }",
        "SELECT title, a.name FROM album JOIN artist a ON a.artist_id = album.artist_id WHERE album_id = 7",
        statements=2,
    ),
    _chinook(
        "no row by a key that is not there",
        "{ albumByAlbumId(albumId: 7000) { title } }",
        "SELECT NULL",
    ),
    _chinook(
        "one row by a key of two columns",
        "{ playlistTrackByPlaylistIdTrackId(playlistId: 1, trackId: 3402) { track { name } playlist { name } } }",
        "SELECT t.name, p.name FROM playlist_track x JOIN track t ON t.track_id = x.track_id "
        "JOIN playlist p ON p.playlist_id = x.playlist_id WHERE x.playlist_id = 1 AND x.track_id = 3402",
        statements=3,
    ),
    _chinook(
        "text that begins so",
        '{ artist(where: { name: { startsWith: "A" } }) { name } }',
        "SELECT name FROM artist WHERE substr(name, 1, 1) = 'A'",
    ),
    _chinook(
        "text that holds a sign of patterns",
        '{ track(where: { name: { contains: "%" } }) { name } }',
        "SELECT name FROM track WHERE replace(name, '%', '') <> name",
    ),
    _chinook(
        "a pattern, whatever the case",
        '{ track(where: { name: { ilike: "%love%" } }) { trackId } }',
        "SELECT track_id FROM track WHERE lower(name) LIKE '%love%'",
    ),
    _chinook(
        "a pattern in which case counts",
        '{ track(where: { name: { like: "%love%" } }) { trackId } }',
        "SELECT track_id FROM track WHERE replace(name, 'love', '') <> name",
    ),
    _chinook(
        "exact decimals",
        '{ invoice(where: { total: { gte: "15.86", lt: "21.86" } }) { invoiceId total } }',
        "SELECT invoice_id, total FROM invoice WHERE total >= 15.86 AND total < 21.86",
    ),
    _chinook(
        "days and times",
        '{ invoice(where: { invoiceDate: { gt: "2021-03-01T00:00:00", lte: "2021-05-05T00:00:00" } }) '
        "{ invoiceId invoiceDate } }",
        "SELECT invoice_id, invoice_date FROM invoice "
        "WHERE invoice_date > '2021-03-01 00:00:00' AND invoice_date <= '2021-05-05 00:00:00'",
    ),
    _chinook(
        "nothing there",
        "{ customer(where: { company: { isNull: true }, state: { isNull: false } }) { customerId } }",
        "SELECT customer_id FROM customer WHERE company IS NULL AND state IS NOT NULL",
    ),
    _chinook(
        "among values and not among others",
        '{ customer(where: { country: { in: ["Brazil", "France", "Nowhere"] }, city: { nin: ["Paris"] } }) { email } }',
        "SELECT email FROM customer WHERE country IN ('Brazil', 'France') AND city <> 'Paris'",
    ),
    _chinook(
        "and, or, not",
        "{ track(where: { or: [{ genreId: { eq: 25 } }, { and: [{ milliseconds: { lt: 100000 } }, "
        "{ not: { composer: { isNull: true } } }] }] }) { trackId composer } }",
        "SELECT track_id, composer FROM track WHERE genre_id = 25 OR (milliseconds < 100000 AND NOT composer IS NULL)",
    ),
    _chinook(
        "nulls first",
        "{ track(orderBy: [{ composer: ASC_NULLS_FIRST }, { trackId: DESC }], limit: 5) { trackId } }",
        "SELECT track_id FROM track ORDER BY (CASE WHEN composer IS NULL THEN 0 ELSE 1 END), composer, track_id DESC "
        "LIMIT 5",
        ordered=True,
    ),
    _chinook(
        "nulls last",
        "{ customer(orderBy: [{ company: DESC_NULLS_LAST }, { customerId: ASC }]) { customerId company } }",
        "SELECT customer_id, company FROM customer "
        "ORDER BY (CASE WHEN company IS NULL THEN 1 ELSE 0 END), company DESC, customer_id",
        ordered=True,
    ),
    _chinook(
        "three levels",
        "{ artist { name album { title track { name unitPrice } } } }",
        "SELECT a.name, b.title, t.name, t.unit_price FROM artist a LEFT JOIN album b ON b.artist_id = a.artist_id "
        "LEFT JOIN track t ON t.album_id = b.album_id",
        statements=3,
    ),
    _chinook(
        "four levels up",
        "{ invoiceLine(where: { invoiceId: { lt: 40 } }) { quantity track { album { artist { name } } } } }",
        "SELECT quantity, a.name FROM invoice_line l JOIN track t ON t.track_id = l.track_id "
        "JOIN album b ON b.album_id = t.album_id JOIN artist a ON a.artist_id = b.artist_id WHERE l.invoice_id < 40",
        statements=4,
    ),
    _chinook(
        "a table that refers to itself",
        "{ employee { lastName employee { lastName } } }",
        "SELECT e.last_name, b.last_name FROM employee e LEFT JOIN employee b ON b.employee_id = e.reports_to",
        statements=2,
    ),
    _chinook(
        "both sides of a table that refers to itself",
        "{ employee { lastName employeeByEmployee { firstName } } }",
        "SELECT e.last_name, b.first_name FROM employee e LEFT JOIN employee b ON b.reports_to = e.employee_id",
        statements=2,
    ),
    _chinook(
        "many to many",
        '{ playlist(where: { name: { eq: "Classical" } }) { playlistTrack { track { name genre { name } } } } }',
        "SELECT t.name, g.name FROM playlist p JOIN playlist_track x ON x.playlist_id = p.playlist_id "
        "JOIN track t ON t.track_id = x.track_id LEFT JOIN genre g ON g.genre_id = t.genre_id "
        "WHERE p.name = 'Classical'",
        statements=4,
    ),
    _chinook(
        "a list below with its own condition",
        '{ customer { email invoice(where: { total: { gt: "13" } }) { total } } }',
        "SELECT email, total FROM customer c LEFT JOIN invoice i ON i.customer_id = c.customer_id AND total > 13",
        statements=2,
    ),
    _northwind(
        "numbers of single precision",
        "{ products { productId unitPrice } }",
        "SELECT product_id, unit_price FROM products",
    ),
    _northwind(
        "a number of single precision is found again",
        "{ products(where: { unitPrice: { eq: 34.8 } }) { productName unitPrice } }",
        "SELECT product_name, unit_price FROM products WHERE abs(unit_price - 34.8) < 0.0001",
    ),
    _northwind(
        "days",
        '{ orders(where: { shippedDate: { gte: "1998-04-01", lt: "1998-04-08" } }) { orderId orderDate shippedDate } }',
        "SELECT order_id, order_date, shipped_date FROM orders "
        "WHERE shipped_date >= '1998-04-01' AND shipped_date < '1998-04-08'",
    ),
    _northwind(
        "letters beyond ASCII",
        '{ customers(where: { companyName: { contains: "ö" } }) { companyName city orders { orderId } } }',
        "SELECT company_name, city, order_id FROM customers c LEFT JOIN orders o ON o.customer_id = c.customer_id "
        "WHERE replace(company_name, 'ö', '') <> company_name",
        statements=2,
    ),
    _northwind(
        "keys that are texts",
        '{ customer(customerId: "ALFKI") { companyName orders { orderId employee { lastName } } } }',
        "SELECT company_name, order_id, last_name FROM customers c JOIN orders o ON o.customer_id = c.customer_id "
        "LEFT JOIN employees e ON e.employee_id = o.employee_id WHERE c.customer_id = 'ALFKI'",
        statements=3,
    ),
    _northwind(
        "a key of two columns",
        "{ orderDetail(orderId: 10248, productId: 42) { quantity discount product { productName } } }",
        "SELECT quantity, discount, product_name FROM order_details d JOIN products p ON p.product_id = d.product_id "
        "WHERE d.order_id = 10248 AND d.product_id = 42",
        statements=2,
    ),
    _northwind(
        "order, lines, product, supplier",
        "{ orders(where: { orderId: { lt: 10300 } }) { orderId orderDetails { quantity product { productName "
        "supplier { country } } } } }",
        "SELECT o.order_id, quantity, product_name, s.country FROM orders o "
        "JOIN order_details d ON d.order_id = o.order_id JOIN products p ON p.product_id = d.product_id "
        "JOIN suppliers s ON s.supplier_id = p.supplier_id WHERE o.order_id < 10300",
        statements=4,
    ),
    _northwind(
        "bytes that are empty",
        "{ categories(orderBy: [{ categoryId: ASC }]) { categoryName picture } }",
        "SELECT category_name, picture FROM categories ORDER BY category_id",
        ordered=True,
    ),
    _northwind(
        "regions of employees",
        "{ employees { firstName employeeTerritories { territory { territoryDescription region { regionId } } } } }",
        "SELECT first_name, territory_description, t.region_id FROM employees e "
        "LEFT JOIN employee_territories x ON x.employee_id = e.employee_id "
        "LEFT JOIN territories t ON t.territory_id = x.territory_id",
        statements=4,
    ),
    _northwind(
        "more rows than fit are no answer, a page is",
        "{ orderDetails(where: { discount: { eq: 0.15 } }, orderBy: [{ orderId: ASC }, { productId: ASC }], limit: 9) "
        "{ orderId discount } }",
        "SELECT order_id, discount FROM order_details WHERE abs(discount - 0.15) < 0.00001 "
        "ORDER BY order_id, product_id LIMIT 9",
        ordered=True,
    ),
)
