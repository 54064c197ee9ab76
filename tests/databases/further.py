"""Further queries over Chinook and Northwind: through relations, parts of lists, pages of each parent, aggregates."""

from __future__ import annotations

from tests.databases.queries import Query

FURTHER = (
    Query(
        "rows by what belongs to them, three tables away",
        "chinook",
        '{ artist(where: { album: { some: { track: { some: { genre: { name: { eq: "Blues" } } } } } } }) { name } }',
        "SELECT name FROM artist WHERE artist_id IN (SELECT a.artist_id FROM album a JOIN track t "
        "ON t.album_id = a.album_id JOIN genre g ON g.genre_id = t.genre_id WHERE g.name = 'Blues')",
    ),
    Query(
        "rows to which nothing belongs",
        "chinook",
        "{ artist(where: { album: { none: {} } }) { artistId } }",
        "SELECT artist_id FROM artist WHERE artist_id NOT IN (SELECT artist_id FROM album)",
    ),
    Query(
        "rows of which every one that belongs to them is so",
        "chinook",
        "{ album(where: { track: { every: { milliseconds: { lt: 200000 } }, some: {} } }) { albumId } }",
        "SELECT album_id FROM track GROUP BY album_id HAVING max(milliseconds) < 200000",
    ),
    Query(
        "an order through two relations",
        "chinook",
        "{ track(orderBy: [{ album: { artist: { name: DESC } } }, { trackId: ASC }], limit: 12) { trackId name } }",
        "SELECT t.track_id, t.name FROM track t JOIN album a ON a.album_id = t.album_id "
        "JOIN artist r ON r.artist_id = a.artist_id ORDER BY r.name DESC, t.track_id LIMIT 12",
        ordered=True,
    ),
    Query(
        "the longest two tracks of each album",
        "chinook",
        "{ album(where: { artistId: { eq: 90 } }, orderBy: { albumId: ASC }) { albumId "
        "track(orderBy: [{ milliseconds: DESC }, { trackId: ASC }], limit: 2) { trackId } } }",
        "SELECT a.album_id, track_id FROM album a JOIN track t ON t.album_id = a.album_id WHERE a.artist_id = 90 "
        "AND (SELECT count(*) FROM track o WHERE o.album_id = t.album_id AND (o.milliseconds > t.milliseconds "
        "OR (o.milliseconds = t.milliseconds AND o.track_id < t.track_id))) < 2 "
        "ORDER BY a.album_id, milliseconds DESC, track_id",
        statements=2,
        ordered=True,
    ),
    Query(
        "a part of a list, and how long that is",
        "chinook",
        '{ trackConnection(where: { composer: { contains: "Page" } }, orderBy: { name: ASC }, first: 5) '
        "{ totalCount nodes { trackId } } }",
        "SELECT (SELECT count(*) FROM track WHERE replace(composer, 'Page', '') <> composer), track_id FROM track "
        "WHERE replace(composer, 'Page', '') <> composer ORDER BY name, track_id LIMIT 5",
        statements=2,
        ordered=True,
    ),
    Query(
        "what invoices come to, by country",
        "chinook",
        "{ invoiceAggregate(groupBy: [billingCountry], having: { count: { gt: 7 } }, "
        "orderBy: [{ sum: { total: DESC } }, { key: { billingCountry: ASC } }]) "
        "{ key { billingCountry } count sum { total } min { total } max { invoiceDate } "
        "countDistinct { customerId } } }",
        "SELECT billing_country, count(*), round(sum(total), 2), min(total), max(invoice_date), "
        "count(DISTINCT customer_id) "
        "FROM invoice GROUP BY billing_country HAVING count(*) > 7 ORDER BY sum(total) DESC, billing_country",
        ordered=True,
    ),
    Query(
        "what orders of a country come to",
        "northwind",
        '{ ordersAggregate(where: { customer: { country: { eq: "Germany" } } }) { count countDistinct { customerId } '
        "min { orderDate } max { orderDate } } }",
        "SELECT count(*), count(DISTINCT o.customer_id), min(order_date), max(order_date) FROM orders o "
        "JOIN customers c ON c.customer_id = o.customer_id WHERE c.country = 'Germany'",
    ),
    Query(
        "who reports to somebody who reports to nobody",
        "northwind",
        "{ employees(where: { employee: { reportsTo: { isNull: true } } }, orderBy: { lastName: ASC }) { lastName } }",
        "SELECT e.last_name FROM employees e JOIN employees b ON b.employee_id = e.reports_to "
        "WHERE b.reports_to IS NULL ORDER BY e.last_name",
        ordered=True,
    ),
)
