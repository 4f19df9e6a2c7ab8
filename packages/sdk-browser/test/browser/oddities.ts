/**
 * What shops really write. Each entry is a page's head; `tells` is what must come of it, as `type id price currency`.
 * Ids start with the entry's own letters, so that one visit can go through all pages.
 */
export interface Oddity {
  readonly name: string;
  readonly head: string;
  readonly tells: readonly string[];
  /** Lines in the console of a debugging developer; none when left out. */
  readonly lines?: number;
}

const push = (...entries: string[]) =>
  `<script>window.dataLayer = window.dataLayer || []; ${entries.map((entry) => `dataLayer.push(${entry});`).join(" ")}</script>`;
const ld = (text: string, type = "application/ld+json") => `<script type="${type}">${text}</script>`;
const view = (item: string, more = "") => `{event: "view_item", ecommerce: {${more} items: [${item}]}}`;
const product = (fields: string) => ld(`{"@context": "https://schema.org", "@type": "Product", ${fields}}`);

export const oddities: readonly Oddity[] = [
  // The data layer.
  {
    name: "a price with a currency sign",
    head: push(view('{item_id: "d01", price: "$1,234.50"}')),
    tells: ["view_item d01 1234.5"],
  },
  {
    name: "a European price",
    head: push(view('{item_id: "d02", price: "1.234,50 €"}')),
    tells: ["view_item d02 1234.5"],
  },
  {
    name: "a price with thousands only",
    head: push(view('{item_id: "d03", price: "1,234"}')),
    tells: ["view_item d03 1234"],
  },
  { name: "no price, as text", head: push(view('{item_id: "d04", price: "Call us"}')), tells: ["view_item d04"] },
  { name: "a negative price", head: push(view('{item_id: "d05", price: -5}')), tells: ["view_item d05"] },
  { name: "NaN as the price", head: push(view('{item_id: "d06", price: NaN}')), tells: ["view_item d06"] },
  { name: "a number as the id", head: push(view("{item_id: 70070, price: 1}")), tells: ["view_item 70070 1"] },
  {
    name: "the old field id",
    head: push(view('{id: "d08", name: "Chair", price: "9.90"}')),
    tells: ["view_item d08 9.9"],
  },
  {
    name: "one item in place of a list",
    head: push('{event: "view_item", ecommerce: {items: {item_id: "d09"}}}'),
    tells: ["view_item d09"],
  },
  {
    name: "ids in place of items",
    head: push('{event: "view_item", ecommerce: {items: ["d10"]}}'),
    tells: ["view_item d10"],
  },
  {
    name: "holes in the list of items",
    head: push(view('null, undefined, {item_id: "d11"}, {}, 7n, [], {item_id: ""}')),
    tells: ["view_item d11"],
  },
  {
    name: "lower-case currency",
    head: push(view('{item_id: "d12", price: 3}', 'currency: "eur",')),
    tells: ["view_item d12 3 EUR"],
  },
  {
    name: "a currency sign as the currency",
    head: push(view('{item_id: "d13", price: 3}', 'currency: "€",')),
    tells: ["view_item d13 3"],
  },
  {
    name: "the currency on the item",
    head: push(view('{item_id: "d14", price: 3, currency: "SEK"}')),
    tells: ["view_item d14 3 SEK"],
  },
  {
    name: "ecommerce pushed before its event",
    head: push('{ecommerce: {items: [{item_id: "d15"}]}}', '{event: "view_item"}'),
    tells: ["view_item d15"],
  },
  {
    name: "ecommerce null between events",
    head: push(view('{item_id: "d16"}'), "{ecommerce: null}", '{event: "add_to_cart"}'),
    tells: ["view_item d16"],
  },
  {
    name: "gtag's arguments",
    head: `<script>window.dataLayer = []; function gtag() { dataLayer.push(arguments); } gtag("js", new Date()); gtag("config", "G-1"); gtag("event", "view_item", {currency: "USD", items: [{item_id: "d17", price: 2}]});</script>`,
    tells: ["view_item d17 2 USD"],
  },
  {
    name: "gtag's shape as an array",
    head: push('["event", "view_item", {items: [{item_id: "d18"}]}]'),
    tells: ["view_item d18"],
  },
  {
    name: "an event without parameters",
    head: push('["event", "view_item"]', view('{item_id: "d19"}')),
    tells: ["view_item d19"],
    lines: 1,
  },
  {
    name: "functions, texts, numbers, null",
    head: push(
      "function () { this.set('a', 1); }",
      '"text"',
      "7",
      "null",
      "undefined",
      "Symbol()",
      view('{item_id: "d20"}'),
    ),
    tells: ["view_item d20"],
  },
  {
    name: "a getter that throws",
    head: push("{get event() { throw new Error('theirs'); }}", view('{item_id: "d21"}')),
    tells: ["view_item d21"],
    lines: 1,
  },
  { name: "a frozen entry", head: push(`Object.freeze(${view('{item_id: "d22"}')})`), tells: ["view_item d22"] },
  {
    name: "an entry that contains itself",
    head: push(`(() => { const entry = ${view('{item_id: "d23"}')}; entry.self = entry; return entry; })()`),
    tells: ["view_item d23"],
  },
  {
    name: "a payload that would pollute prototypes",
    head: push(
      `JSON.parse('{"event":"view_item","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"ecommerce":{"__proto__":{"polluted":1},"items":[{"item_id":"d24","__proto__":{"polluted":1}}]}}')`,
    ),
    tells: ["view_item d24"],
  },
  {
    name: "Universal Analytics' shape",
    head: push('{event: "productDetail", ecommerce: {detail: {products: [{id: "never"}]}}}', view('{item_id: "d25"}')),
    tells: ["view_item d25"],
  },
  {
    name: "several entries in one push",
    head: `<script>window.dataLayer = []; dataLayer.push({ecommerce: null}, ${view('{item_id: "d26"}')});</script>`,
    tells: ["view_item d26"],
  },
  {
    name: "GTM's own events around",
    head: push('{"gtm.start": 1, event: "gtm.js"}', view('{item_id: "d27"}'), '{event: "gtm.load"}'),
    tells: ["view_item d27"],
  },
  {
    name: "the same view twice",
    head: push(view('{item_id: "d28"}'), view('{item_id: "d28"}')),
    tells: ["view_item d28"],
  },
  {
    name: "a data layer that is no array",
    head: "<script>window.dataLayer = {push: 1};</script>",
    tells: [],
    lines: 1,
  },
  {
    name: "a frozen data layer",
    head: `<script>window.dataLayer = Object.freeze([${view('{item_id: "d30"}')}]);</script>`,
    tells: ["view_item d30"],
    lines: 1,
  },
  {
    name: "an id with an emoji and spaces",
    head: push(view('{item_id: " d31 🪑 été "}')),
    tells: ["view_item d31 🪑 été"],
  },
  {
    name: "an id with a line break",
    head: push(view('{item_id: "d32\\nx"}, {item_id: "d32"}')),
    tells: ["view_item d32"],
  },
  {
    name: "a lone surrogate in an id",
    head: push(view('{item_id: "d33\\ud800"}, {item_id: "d33"}')),
    tells: ["view_item d33"],
  },
  {
    name: "two hundred and fifty items",
    head: push(view('...Array.from({length: 250}, (_, i) => ({item_id: "d34-" + i}))')),
    tells: ["view_item d34-0"],
  },
  // JSON-LD.
  {
    name: "a plain product",
    head: product(
      '"sku": "j01", "offers": {"@type": "Offer", "price": "12.50", "priceCurrency": "EUR", "availability": "https://schema.org/InStock"}',
    ),
    tells: ["view_item j01 12.5 EUR"],
  },
  {
    name: "an array of things",
    head: ld('[{"@type": "BreadcrumbList"}, {"@type": "Product", "sku": "j02"}]'),
    tells: ["view_item j02"],
  },
  {
    name: "a graph",
    head: ld(
      '{"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, {"@type": "Product", "sku": "j03"}]}',
    ),
    tells: ["view_item j03"],
  },
  {
    name: "the product as the page's main entity",
    head: ld('{"@type": "ItemPage", "mainEntity": {"@type": "Product", "sku": "j04"}}'),
    tells: ["view_item j04"],
  },
  { name: "several types", head: ld('{"@type": ["Product", "Book"], "sku": "j05"}'), tells: ["view_item j05"] },
  {
    name: "a type by its address",
    head: ld('{"@type": "http://schema.org/Product", "sku": "j06"}'),
    tells: ["view_item j06"],
  },
  {
    name: "an aggregate offer",
    head: product(
      '"sku": "j07", "offers": {"@type": "AggregateOffer", "lowPrice": "5,00", "highPrice": 9, "priceCurrency": "EUR"}',
    ),
    tells: ["view_item j07 5 EUR"],
  },
  {
    name: "offers inside an aggregate offer",
    head: product(
      '"sku": "j08", "offers": {"@type": "AggregateOffer", "offers": [{"price": 7, "priceCurrency": "USD"}]}',
    ),
    tells: ["view_item j08 7 USD"],
  },
  {
    name: "a list of offers",
    head: product('"sku": "j09", "offers": [{"price": 4, "priceCurrency": "USD"}, {"price": 5}]'),
    tells: ["view_item j09 4 USD"],
  },
  {
    name: "a price specification",
    head: product('"sku": "j10", "offers": {"priceSpecification": [{"price": "8.00", "priceCurrency": "GBP"}]}'),
    tells: ["view_item j10 8 GBP"],
  },
  {
    name: "a group, one of whose variants lives here",
    head: ld(
      '{"@type": "ProductGroup", "productGroupID": "g", "hasVariant": [{"@type": "Product", "sku": "never", "url": "/elsewhere"}, {"@type": "Product", "sku": "j11", "url": "/odd/j11"}]}',
    ),
    tells: ["view_item j11"],
  },
  {
    name: "a group with one variant as an object",
    head: ld('{"@type": "ProductGroup", "hasVariant": {"sku": "j12", "offers": {"price": 1}}}'),
    tells: ["view_item j12 1"],
  },
  {
    name: "a list page of products",
    head: ld(
      '[{"@type": "Product", "sku": "never1", "url": "/a"}, {"@type": "Product", "sku": "never2", "url": "/b"}]',
    ),
    tells: [],
  },
  {
    name: "related products inside",
    head: product('"sku": "j14", "isRelatedTo": [{"@type": "Product", "sku": "never"}]'),
    tells: ["view_item j14"],
  },
  { name: "a trailing comma", head: product('"sku": "never",'), tells: [], lines: 1 },
  { name: "an empty block", head: ld("") + product('"sku": "j16"'), tells: ["view_item j16"], lines: 1 },
  {
    name: "broken beside whole",
    head: ld("{{ product | json }}") + product('"sku": "j17"'),
    tells: ["view_item j17"],
    lines: 1,
  },
  {
    name: "a line break inside a text",
    head: ld('{"@type": "Product", "sku": "never", "description": "two\nlines"}'),
    tells: [],
    lines: 1,
  },
  {
    name: "null, numbers and texts for nodes",
    head: ld('[null, 1, "x", {"@graph": null}, {"@type": null}, {"@type": "Product", "sku": "j19"}]'),
    tells: ["view_item j19"],
  },
  { name: "a numeric sku", head: product('"sku": 80080'), tells: ["view_item 80080"] },
  { name: "productID for want of a sku", head: product('"productID": "j21"'), tells: ["view_item j21"] },
  { name: "no id at all", head: product('"name": "Chair"'), tells: [] },
  {
    name: "a type with a charset",
    head: ld('{"@type": "Product", "sku": "j23"}', "application/ld+json; charset=utf-8"),
    tells: ["view_item j23"],
  },
  {
    name: "prototype names in JSON-LD",
    head: product('"sku": "j24", "__proto__": {"polluted": 1}, "offers": {"__proto__": {"polluted": 1}, "price": 2}'),
    tells: ["view_item j24 2"],
  },
  {
    name: "the same product in both",
    head: push(view('{item_id: "j25", price: 3}')) + product('"sku": "j25", "offers": {"price": 4}'),
    tells: ["view_item j25 3"],
  },
];
