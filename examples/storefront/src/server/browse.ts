import type { FastifyPluginAsync } from "fastify";
import { productSvg } from "../art/product-art.ts";
import { sceneSvg } from "../art/scene.ts";
import { oneOfEachKind } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/generate.ts";
import { categories, departments } from "../catalogue/taxonomy.ts";
import { homePage } from "../pages/home.ts";
import { productPage } from "../pages/product.ts";
import { categoryPage, departmentPage, type Sorting, searchPage, sortings } from "../pages/shelves.ts";
import { type ShopContext, show } from "./context.ts";

/** Home, departments, shelves, products, search and the pictures on them. */
export function browse(context: ShopContext): FastifyPluginAsync {
  const { catalogue } = context;
  /** One model of every other kind in the department, what stands nearest on the shelves first. */
  const besides = (product: Product) => {
    const others = catalogue.groups.filter(
      ({ face }) =>
        face.category.department === product.category.department &&
        face.kind !== product.kind &&
        face.availability === "in_stock",
    );
    return oneOfEachKind(others.toSorted((a, b) => nearness(b.face, product) - nearness(a.face, product)));
  };

  return async (app) => {
    app.get("/", (request, reply) => show(request, reply, context, (visit) => homePage(catalogue, visit)));

    app.get<{ Params: { name: string } }>("/departments/:name", (request, reply) => {
      const department = departments.find(({ name }) => name.toLowerCase() === request.params.name);
      if (department === undefined) return reply.callNotFound();
      return show(request, reply, context, () => departmentPage(catalogue, department.name));
    });

    app.get<{ Params: { slug: string }; Querystring: { kind?: string; sort?: string } }>(
      "/shelves/:slug",
      {
        schema: { querystring: { type: "object", properties: { kind: { type: "string" }, sort: { type: "string" } } } },
      },
      (request, reply) => {
        const category = categories.find(({ slug }) => slug === request.params.slug);
        if (category === undefined) return reply.callNotFound();
        const groups = catalogue.shelf(category.slug);
        const kind = groups.find(({ face }) => face.kind.shelf === request.query.kind)?.face.kind.shelf;
        const sorting: Sorting = sortings.find(({ key }) => key === request.query.sort)?.key ?? "shelf";
        return show(request, reply, context, () => categoryPage(category, groups, kind, sorting));
      },
    );

    app.get<{ Params: { id: string } }>("/products/:id", (request, reply) => {
      const product = catalogue.product(request.params.id);
      const group = product && catalogue.group(product.groupId);
      if (product === undefined || group === undefined) return reply.callNotFound();
      const neighbours = besides(product);
      return show(request, reply, context, (visit) => productPage(product, group, neighbours, context.origin(), visit));
    });

    app.get<{ Querystring: { q?: string } }>(
      "/search",
      { schema: { querystring: { type: "object", properties: { q: { type: "string", maxLength: 100 } } } } },
      (request, reply) => {
        const query = (request.query.q ?? "").trim();
        const instead = catalogue.groups
          .filter(({ face }) => face.fresh && face.availability !== "out_of_stock")
          .slice(0, 8);
        return show(request, reply, context, () => searchPage(query, catalogue.search(query), instead));
      },
    );

    app.get("/pictures/scene.svg", (_request, reply) => sendSvg(reply, sceneSvg()));

    app.get<{ Params: { id: string } }>("/pictures/:id.svg", (request, reply) => {
      const product = catalogue.product(request.params.id);
      if (product === undefined) return reply.callNotFound();
      return sendSvg(reply, productSvg(product.picture, product.title));
    });
  };
}

function nearness(a: Product, b: Product): number {
  return Number(a.category === b.category) + Number(a.series === b.series);
}

function sendSvg<
  Reply extends {
    header: (name: string, value: string) => Reply;
    type: (value: string) => Reply;
    send: (body: string) => Reply;
  },
>(reply: Reply, svg: string): Reply {
  return reply.header("cache-control", "public, max-age=3600").type("image/svg+xml; charset=utf-8").send(svg);
}
