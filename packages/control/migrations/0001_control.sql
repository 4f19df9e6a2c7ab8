-- Up Migration

CREATE TABLE tenants (
  id              text PRIMARY KEY CHECK (id ~ '^tnt-[a-z2-7]{16}$'),
  -- A label for people. Resources are named by the id, which has one length, so no slug is ever a prefix pattern of
  -- another tenant's resources; and a slug can never be read as an id.
  slug            text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) BETWEEN 2 AND 40 AND slug !~ '^tnt-'),
  name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  tier            text NOT NULL CHECK (tier IN ('standard', 'premium', 'enterprise')),
  state           text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'deleting')),
  origins         text[] NOT NULL DEFAULT '{}',
  settings        jsonb NOT NULL,
  -- Overrides of single limits of the tier.
  limits          jsonb NOT NULL DEFAULT '{}',
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now()
);

-- What is left of a tenant after its data: enough to write its last invoice.
CREATE TABLE deleted_tenants (
  id         text PRIMARY KEY,
  slug       text NOT NULL,
  name       text NOT NULL,
  tier       text NOT NULL,
  created_at timestamptz NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE keys (
  id          text PRIMARY KEY,
  tenant_id   text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  kind        text NOT NULL CHECK (kind IN ('publishable', 'secret')),
  env         text NOT NULL CHECK (env IN ('live', 'test')),
  name        text,
  scopes      text[] NOT NULL,
  -- AES-256-GCM under the master key, bound to the key id: nonce (12) | ciphertext (32) | tag (16).
  secret      bytea CHECK ((kind = 'secret') = (secret IS NOT NULL)),
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz,
  revoked_at  timestamptz,
  replaced_by text
);
CREATE INDEX keys_of_tenant ON keys (tenant_id, kind, env);

CREATE TABLE placements (
  tenant_id  text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  id         text NOT NULL,
  placement  jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE jobs (
  id            uuid PRIMARY KEY,
  tenant_id     text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  kind          text NOT NULL CHECK (kind IN ('train')),
  reason        text NOT NULL CHECK (reason IN ('manual', 'schedule')),
  state         text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
  progress      jsonb,
  result        jsonb,
  error         jsonb,
  -- How many rows the table had when the job began: what the schedule compares with.
  rows_seen     bigint,
  created_at    timestamptz NOT NULL DEFAULT now(),
  started_at    timestamptz,
  finished_at   timestamptz
);
CREATE UNIQUE INDEX jobs_one_open_per_tenant ON jobs (tenant_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_of_tenant ON jobs (tenant_id, created_at DESC);

-- Where the services behind the edge listen now; a recommender's row belongs to its tenant.
CREATE TABLE upstreams (
  id        text PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('collector', 'ml', 'recommender')),
  url       text NOT NULL,
  tenant_id text UNIQUE REFERENCES tenants ON DELETE CASCADE CHECK ((kind = 'recommender') = (tenant_id IS NOT NULL))
);

-- Master keys of browser sessions, newest first in use. Encrypted like keys.secret, bound to the generation. An old one
-- stays until no token or frozen batch signed under it can still arrive.
CREATE TABLE session_masters (
  generation text PRIMARY KEY,
  key        bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retires_at timestamptz
);

CREATE TABLE revoked_sessions (
  jti       text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  until     timestamptz NOT NULL
);

-- The snapshot's version. One row: whoever changes what gateways know holds its lock until commit, so versions become
-- visible in their own order and a reader can trust "newer than mine".
CREATE TABLE snapshot_version (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  bigint NOT NULL
);
INSERT INTO snapshot_version (version) VALUES (1);

-- Bumps the version and tells the listeners what changed, in the changing transaction. A trigger, so that no code path
-- and no operator with psql can forget it. A payload without tenant and upstream means: everything.
CREATE FUNCTION bump_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := coalesce(to_jsonb(NEW), to_jsonb(OLD));
  subject jsonb := '{}';
  now_at bigint;
BEGIN
  IF TG_TABLE_NAME = 'tenants' THEN
    subject := jsonb_build_object('tenant', changed ->> 'id');
  ELSIF TG_TABLE_NAME = 'upstreams' THEN
    subject := jsonb_build_object('upstream', changed ->> 'id', 'tenant', changed ->> 'tenant_id');
  ELSIF changed ? 'tenant_id' THEN
    subject := jsonb_build_object('tenant', changed ->> 'tenant_id');
  END IF;
  UPDATE snapshot_version SET version = version + 1 RETURNING version INTO now_at;
  PERFORM pg_notify('endcap_snapshot', (subject || jsonb_build_object('version', now_at))::text);
  RETURN NULL;
END $$;

CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON keys FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON placements FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON upstreams FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON session_masters FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON revoked_sessions FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
