-- Up Migration

CREATE TABLE tenants (
  id              text PRIMARY KEY CHECK (id ~ '^tnt-[a-z2-7]{16}$'),
  -- A label for people. Resources are named by the id, which has one length, so no slug is ever a prefix pattern of
  -- another tenant's resources; and a slug can never be read as an id.
  slug            text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) BETWEEN 2 AND 40 AND slug !~ '^tnt-'),
  name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  tier            text NOT NULL CHECK (tier IN ('standard', 'premium', 'enterprise')),
  state           text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'deleting')),
  allowed_origins text[] NOT NULL DEFAULT '{}',
  settings        jsonb NOT NULL,
  -- Overrides of single limits of the tier.
  limits          jsonb NOT NULL DEFAULT '{}',
  -- Where the tenant's recommender listens now; null while it has none.
  recommender_url text,
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
  id         text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  strategy   text NOT NULL,
  rules      jsonb NOT NULL,
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
  -- How many events the tenant had when the job began: what the schedule compares with.
  events_seen   bigint,
  created_at    timestamptz NOT NULL DEFAULT now(),
  started_at    timestamptz,
  finished_at   timestamptz
);
CREATE UNIQUE INDEX jobs_one_open_per_tenant ON jobs (tenant_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_of_tenant ON jobs (tenant_id, created_at DESC);

-- Where the shared services listen now.
CREATE TABLE upstreams (
  name text PRIMARY KEY CHECK (name IN ('gateway', 'collector', 'ml')),
  url  text NOT NULL
);

-- The snapshot's version. One row: whoever changes what gateways know holds its lock until commit, so versions become
-- visible in their own order and a reader can trust "newer than mine".
CREATE TABLE snapshot_version (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  bigint NOT NULL
);
INSERT INTO snapshot_version (version) VALUES (1);

-- Bumps the version and tells the listeners which tenant changed ('' for everything), in the changing transaction.
-- A trigger, so that no code path and no operator with psql can forget it.
CREATE FUNCTION bump_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed text := '';
  now_at bigint;
BEGIN
  IF TG_TABLE_NAME = 'tenants' THEN
    changed := coalesce(NEW.id, OLD.id);
  ELSIF TG_TABLE_NAME <> 'upstreams' THEN
    changed := coalesce(NEW.tenant_id, OLD.tenant_id);
  END IF;
  UPDATE snapshot_version SET version = version + 1 RETURNING version INTO now_at;
  PERFORM pg_notify('endcap_snapshot', json_build_object('version', now_at, 'tenant', changed)::text);
  RETURN NULL;
END $$;

CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON keys FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON placements FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
CREATE TRIGGER bump AFTER INSERT OR UPDATE OR DELETE ON upstreams FOR EACH ROW EXECUTE FUNCTION bump_snapshot();
