// The operator's page. It shows what the admin API answers and keeps the token for as long as the tab lives.
const TOKEN = "endcap.admin.token";
const REFRESH_MS = 3_000;

const $ = (id) => document.getElementById(id);
let selected = sessionStorage.getItem("endcap.tenant") ?? "";
let refreshing;

class Refused extends Error {}

async function api(path, init = {}) {
  const headers = { authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ""}` };
  if (init.body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, { ...init, headers });
  if (answer.status === 401) throw new Refused();
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? body.title);
  return body;
}

/** Makes an element. Text goes in as text, never as markup: titles and ids come from shops. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === "onclick") element.addEventListener("click", value);
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== ""));
  return element;
}

const state = (word) => {
  const mood = {
    ready: "good",
    active: "good",
    succeeded: "good",
    starting: "warn",
    queued: "warn",
    revoked: "off",
    expired: "off",
    running: "warn",
    stopping: "warn",
  };
  return h("span", { class: `state ${mood[word] ?? "bad"}` }, word);
};

const ago = (iso) => {
  if (iso === undefined) return "–";
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
};

const megabytes = (bytes) => (bytes === undefined ? "–" : `${Math.round(bytes / 1024 ** 2)} MB`);

function showProcesses(processes, tenants) {
  const most = Math.max(1, ...processes.map(({ rssBytes = 0 }) => rssBytes));
  $("processes").replaceChildren(
    ...processes.map((process) =>
      h(
        "tr",
        { title: process.fault ?? process.name },
        h("td", { class: "name" }, nameOf(process, tenants)),
        h("td", {}, state(process.state)),
        h("td", { class: "mono soft" }, (process.url ?? "").replace("http://", "")),
        h("td", { class: "number" }, megabytes(process.rssBytes)),
        h(
          "td",
          {},
          h("meter", { min: 0, max: most, value: process.rssBytes ?? 0, "aria-label": "share of the largest" }),
        ),
        h("td", { class: "number" }, ago(process.startedAt)),
        h("td", { class: "number" }, String(process.restarts)),
      ),
    ),
  );
}

/** A recommender goes by its tenant's slug; its full name is in the tooltip. */
function nameOf({ name, kind, tenantId }, tenants) {
  const slug = tenants.find(({ id }) => id === tenantId)?.slug;
  return slug === undefined ? name : [`${kind} `, h("span", { class: "soft" }, slug)];
}

function showTenants(tenants) {
  $("tenants").replaceChildren(
    ...tenants.map((tenant) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", "aria-current": String(tenant.id === selected), onclick: () => select(tenant.id) },
          h("strong", {}, tenant.slug, h("span", { class: `badge ${tenant.tier}` }, tenant.tier)),
          h("small", {}, tenant.model ? `model ${ago(tenant.model.trainedAt)} old` : "no model yet"),
        ),
      ),
    ),
  );
  if (tenants.length === 0) {
    $("tenants").replaceChildren(
      h("li", { class: "soft" }, "None yet. ", h("code", {}, "endcap tenant create my-shop")),
    );
  }
}

const fact = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));

function showTenant(tenant, keys, jobs, placements, usage) {
  const open = jobs.find((job) => job.state === "queued" || job.state === "running");
  $("tenant").replaceChildren(
    h(
      "div",
      { class: "title" },
      h("h2", {}, tenant.name),
      h("span", { class: `badge ${tenant.tier}` }, tenant.tier),
      state(tenant.state),
      h("span", { class: "grow" }),
      h(
        "button",
        { type: "button", class: "action", disabled: open ? "" : undefined, onclick: train },
        open ? (open.progress?.step ?? "waiting…") : "Train now",
      ),
    ),
    h(
      "dl",
      {},
      fact("Tenant", h("code", {}, tenant.id)),
      fact("Recommender", tenant.recommender ? state(tenant.recommender.state) : "none"),
      fact(
        "Model",
        tenant.model ? h("code", { title: tenant.model.version }, `${tenant.model.version.slice(0, 12)}…`) : "none yet",
      ),
      fact("Trained", tenant.model ? `${ago(tenant.model.trainedAt)} ago` : "–"),
      fact("Origins", tenant.origins.join(", ") || "none: browsers cannot use it yet"),
      fact("SDK on its pages", toggle(tenant, "enabled", "SDK on its pages")),
      fact("Consent", tenant.settings.consent === "required" ? "pages wait for it" : "pages do not wait for it"),
      fact("Catalogue from its pages", toggle(tenant, "observeCatalogue", "Catalogue from its pages")),
    ),
    h("h3", {}, `Usage in ${usage.month}`),
    quota(usage),
    usage.routes.length === 0
      ? h("p", { class: "soft" }, "None yet.")
      : rows(["Route", "Env", "Answer", "Requests", "Events", "Mean"], usage.routes, (row) => [
          row.route,
          row.env,
          row.code ?? String(row.status),
          row.requests.toLocaleString("en"),
          row.events.toLocaleString("en"),
          `${row.meanMs.toFixed(1)} ms`,
        ]),
    h("h3", {}, "Keys"),
    rows(["Key", "Kind", "Env", "State", "Made"], keys, (key) => [
      h("code", {}, key.id),
      key.kind,
      key.env,
      state(key.state),
      `${ago(key.createdAt)} ago`,
    ]),
    h("h3", {}, "Trainings"),
    jobs.length === 0
      ? h("p", { class: "soft" }, "None yet.")
      : rows(["When", "Why", "State", "Result"], jobs.slice(0, 5), (job) => [
          `${ago(job.createdAt)} ago`,
          job.reason,
          state(job.state),
          job.error?.message ?? told(job.result ?? job.progress),
        ]),
  );
  const choice = $("placement").value;
  $("placement").replaceChildren(...placements.map(({ id }) => h("option", {}, id)));
  const wanted = placements.some(({ id }) => id === choice) && choice !== "" ? choice : "home";
  if (placements.some(({ id }) => id === wanted)) $("placement").value = wanted;
  $("look").hidden = false;
}

const quota = ({ events, eventsPerMonth, lastHour }) =>
  h(
    "p",
    { class: "quota" },
    h("meter", {
      min: 0,
      max: Math.max(1, eventsPerMonth),
      value: events,
      high: 0.8 * eventsPerMonth,
      "aria-label": "share of the month's events",
    }),
    ` ${events.toLocaleString("en")} of ${eventsPerMonth.toLocaleString("en")} events · `,
    `${lastHour.requestsPerSecond.toFixed(2)} requests/s in the last hour`,
    lastHour.p99Ms === null ? "" : `, p99 within ${lastHour.p99Ms} ms`,
  );

const told = (result = {}) =>
  ["events", "items", "sessions", "seconds", "step"]
    .filter((name) => result[name] !== undefined)
    .map((name) => (name === "step" ? result.step : `${Number(result[name]).toLocaleString("en")} ${name}`))
    .join(", ");

function rows(head, entries, cells) {
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map((name) => h("th", {}, name)),
      ),
    ),
    h(
      "tbody",
      {},
      entries.map((entry) =>
        h(
          "tr",
          {},
          cells(entry).map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
}

function showAnswer(answer) {
  const by = answer.model ? `model ${answer.model.version}` : "no model";
  const note = answer.fallback ? `fallback: ${answer.fallback}` : by;
  $("answer").replaceChildren(
    h("p", { class: "soft" }, `${answer.strategy} · ${answer.items.length} items · ${note}`),
    h("ol", { class: "items" }, answer.items.map(card)),
    (answer.rules ?? []).length === 0
      ? ""
      : rows(["Rule", "Did", "Items"], answer.rules, ({ rule, did, items }) => [rule, did, items.join(", ")]),
  );
}

function card({ id, item, reason, score }, index) {
  const title = item?.title ?? id;
  const picture = h("div", { class: "picture", "aria-hidden": "true" }, title.slice(0, 1).toUpperCase());
  if (/^https?:/.test(item?.imageUrl ?? "")) {
    const image = h("img", { src: item.imageUrl, alt: "", loading: "lazy" });
    image.addEventListener("error", () => image.remove());
    picture.replaceChildren(image);
  }
  return h(
    "li",
    {},
    picture,
    h(
      "div",
      { class: "words" },
      h("strong", {}, `${index + 1}. ${title}`),
      h("span", { class: "soft mono" }, id, item ? `  ${item.price} ${item.currency}` : ""),
      reason ? h("span", { class: "why" }, reason.text) : undefined,
      score === undefined ? undefined : h("span", { class: "soft mono" }, `score ${score.toFixed(4)}`),
    ),
  );
}

function select(tenantId) {
  selected = tenantId;
  sessionStorage.setItem("endcap.tenant", tenantId);
  $("answer").replaceChildren();
  void refresh();
}

/** One of the tenant's settings that is on or off. */
function toggle({ settings }, name, label) {
  const on = settings[name] === true;
  const body = JSON.stringify({ settings: { [name]: !on } });
  const change = async () => {
    await attempt(() => api(`/v1/tenants/${selected}`, { method: "PATCH", body }));
    void refresh();
  };
  const attributes = {
    type: "button",
    class: "switch",
    role: "switch",
    "aria-checked": String(on),
    "aria-label": label,
  };
  return h("button", { ...attributes, onclick: change }, on ? "on" : "off");
}

async function train() {
  await attempt(() => api(`/v1/tenants/${selected}/train`, { method: "POST" }));
  void refresh();
}

async function ask(event) {
  event.preventDefault();
  const items = $("items")
    .value.split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
  const userId = $("shopper").value.trim();
  const request = {
    placement: $("placement").value,
    ...(items.length > 0 && { items }),
    ...(userId !== "" && { shopper: { userId } }),
  };
  await attempt(
    async () =>
      showAnswer(
        await api(`/v1/tenants/${selected}/recommendations`, { method: "POST", body: JSON.stringify(request) }),
      ),
    (error) => $("answer").replaceChildren(h("p", { class: "fault" }, error.message)),
  );
}

async function attempt(work, onFault = (error) => say(error.message, "fault")) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) signOut("This token is not accepted.");
    else onFault(error);
  }
}

function say(text, mood = "") {
  $("pulse").textContent = text;
  $("pulse").className = mood;
}

async function refresh() {
  clearTimeout(refreshing);
  await attempt(
    async () => {
      const [status, { tenants }] = await Promise.all([api("/v1/status"), api("/v1/tenants")]);
      if (!tenants.some(({ id }) => id === selected)) selected = tenants[0]?.id ?? "";
      $("where").textContent = `${status.version} · ${status.dataDir}`;
      showProcesses(status.processes, tenants);
      showTenants(tenants);
      const tenant = tenants.find(({ id }) => id === selected);
      if (tenant === undefined) {
        $("tenant").replaceChildren();
        $("look").hidden = true;
      } else {
        const path = `/v1/tenants/${tenant.id}`;
        const [{ keys }, { jobs }, { placements }, usage] = await Promise.all([
          api(`${path}/keys`),
          api(`${path}/jobs`),
          api(`${path}/placements`),
          api(`${path}/usage`),
        ]);
        showTenant(tenant, keys, jobs, placements, usage);
      }
      const ready = status.processes.filter((process) => process.state === "ready").length;
      say(`${ready} of ${status.processes.length} processes ready`);
      $("content").hidden = false;
      $("leave").hidden = false;
    },
    () => say("Control does not answer", "fault"),
  );
  if (sessionStorage.getItem(TOKEN) !== null) refreshing = setTimeout(refresh, REFRESH_MS);
}

function signOut(reason = "") {
  clearTimeout(refreshing);
  sessionStorage.removeItem(TOKEN);
  for (const id of ["content", "leave"]) $(id).hidden = true;
  $("login").hidden = false;
  $("refused").textContent = reason;
  say("");
  $("where").textContent = "";
}

function signIn(token) {
  sessionStorage.setItem(TOKEN, token);
  $("login").hidden = true;
  void refresh();
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn($("token").value.trim());
  $("token").value = "";
});
$("ask").addEventListener("submit", ask);
$("leave").addEventListener("click", () => signOut());

// The token arrives in the fragment, which browsers send to nobody; it leaves the address bar at once.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given !== null) history.replaceState(null, "", location.pathname);
const token = given ?? sessionStorage.getItem(TOKEN);
if (token === null) signOut();
else signIn(token);
