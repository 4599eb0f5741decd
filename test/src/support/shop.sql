-- The demo shop. Run by the role that owns it. Every value of a classified column is unique and found nowhere
-- else, so a test can look for any of them ("canaries") in whatever reaches a client.
CREATE TABLE public.customers (
  id bigint PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  ssn text NOT NULL,
  phone text,
  region text NOT NULL,
  birthday date,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.products (
  id bigint PRIMARY KEY,
  name text NOT NULL,
  price_cents bigint NOT NULL CHECK (price_cents >= 0)
);

CREATE TABLE public.orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES public.customers (id),
  total_cents bigint NOT NULL,
  status text NOT NULL DEFAULT 'open',
  note text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE SCHEMA payroll;

CREATE TABLE payroll.salaries (
  id bigint PRIMARY KEY,
  employee text NOT NULL,
  amount_cents bigint NOT NULL
);

CREATE VIEW public.customer_orders AS
  SELECT o.id AS order_id, c.name, c.email, o.total_cents, o.status
  FROM public.orders o JOIN public.customers c ON c.id = o.customer_id;

INSERT INTO public.customers (id, name, email, ssn, phone, region, birthday, created_at)
SELECT
  i,
  (ARRAY['Ada','Blaise','Carl','Dorothy','Emmy','Felix','Grace','Hedy','Ida','John'])[1 + (i - 1) % 10]
    || ' Canaryname' || lpad(i::text, 2, '0'),
  'canarymail' || lpad(i::text, 2, '0') || '@leak.example',
  '917-53-' || lpad((4200 + i)::text, 4, '0'),
  '+1-555-867-' || lpad((7300 + i)::text, 4, '0'),
  (ARRAY['north','south','east','west'])[1 + (i - 1) % 4],
  DATE '1961-03-07' + (i * 211),
  TIMESTAMPTZ '2025-01-01 09:00:00+00' + i * INTERVAL '1 day'
FROM generate_series(1, 20) AS i;

INSERT INTO public.products (id, name, price_cents)
SELECT i, 'Product ' || i, 500 + i * 125 FROM generate_series(1, 10) AS i;

INSERT INTO public.orders (id, customer_id, total_cents, status, note, created_at)
SELECT
  i,
  1 + (i - 1) % 20,
  1000 + i * 37,
  (ARRAY['open','paid','shipped'])[1 + (i - 1) % 3],
  CASE WHEN i % 5 = 0 THEN 'leave at the door' END,
  TIMESTAMPTZ '2025-02-01 10:00:00+00' + i * INTERVAL '1 hour'
FROM generate_series(1, 60) AS i;

INSERT INTO payroll.salaries (id, employee, amount_cents)
SELECT i, 'Canaryworker' || i, 770000 + i * 1013 FROM generate_series(1, 5) AS i;

ANALYZE;
