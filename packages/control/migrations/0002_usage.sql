-- Up Migration

-- One run of one gateway. Its records are numbered through and arrive in order, so one number says which ones are here:
-- what is sent twice is dropped without a row for each record.
CREATE TABLE usage_sources (
  source        text PRIMARY KEY,
  gateway_group text NOT NULL,
  through       bigint NOT NULL DEFAULT 0,
  heard_at      timestamptz NOT NULL,
  left_at       timestamptz
);

-- No reference to tenants: what a deleted tenant used stays on its last invoice.
CREATE TABLE usage_days (
  tenant_id text NOT NULL,
  env       text NOT NULL CHECK (env IN ('live', 'test')),
  day       date NOT NULL,
  route     text NOT NULL,
  status    integer NOT NULL,
  code      text NOT NULL DEFAULT '',
  requests  bigint NOT NULL,
  events    bigint NOT NULL,
  ms        bigint NOT NULL,
  latency   bigint[] NOT NULL,
  PRIMARY KEY (tenant_id, env, day, route, status, code)
);

-- The last two days by the minute: a tenant's own rates and latencies.
CREATE TABLE usage_minutes (
  tenant_id text NOT NULL,
  env       text NOT NULL CHECK (env IN ('live', 'test')),
  minute    timestamptz NOT NULL,
  route     text NOT NULL,
  status    integer NOT NULL,
  code      text NOT NULL DEFAULT '',
  requests  bigint NOT NULL,
  events    bigint NOT NULL,
  ms        bigint NOT NULL,
  latency   bigint[] NOT NULL,
  PRIMARY KEY (tenant_id, env, minute, route, status, code)
);
CREATE INDEX usage_minutes_by_time ON usage_minutes (minute);

-- Accepted live events by month: what quotas and invoices stand on. `revision` lets gateways ask for what changed.
CREATE SEQUENCE usage_revisions;
CREATE TABLE usage_months (
  tenant_id text NOT NULL,
  month     text NOT NULL CHECK (month ~ '^\d{4}-\d{2}$'),
  events    bigint NOT NULL,
  revision  bigint NOT NULL,
  PRIMARY KEY (tenant_id, month)
);
CREATE INDEX usage_months_by_revision ON usage_months (month, revision);

CREATE FUNCTION add_counts(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY i) FROM unnest(a, b) WITH ORDINALITY AS t(x, y, i)
$$;
CREATE AGGREGATE sum_counts(bigint[]) (SFUNC = add_counts, STYPE = bigint[], INITCOND = '{}');
