CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, country TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, item TEXT, cents INTEGER,
                     complaint TEXT);
CREATE TABLE refunds (order_id INTEGER, cents INTEGER);
INSERT INTO customers VALUES
  (1, 'Anna Schulz', 'anna@example.de', 'DE'), (2, 'Ben Weber', 'ben@example.de', 'DE'),
  (3, 'Claire Petit', 'claire@example.fr', 'FR'), (4, 'Dirk Vogt', 'dirk@example.de', 'DE');
INSERT INTO orders VALUES
  (10, 1, 'teapot', 3990, 'arrived broken'), (11, 2, 'lamp', 4500, 'wrong colour'),
  (12, 3, 'chair', 12900, 'one leg is short'), (13, 4, 'clock', 2500, NULL), (14, 4, 'vase', 1999, 'never came');
