import { notFound } from "next/navigation";
import { endcap } from "../../../lib/endcap";
import { Product } from "./product";

export default async function ProductPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const item = await endcap()
    .items.get(decodeURIComponent(id))
    .catch(() => notFound());
  return <Product id={item.id} title={item.title} />;
}
