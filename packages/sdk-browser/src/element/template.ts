/**
 * Cards of the shop's own making: `<template>` inside the element, whose nodes say by `data-field` what goes where. Each
 * card is a child of the element, shown through a slot, so that the page's own styles reach it.
 */
import type { RecommendedItem } from "@endcap/protocol";
import type { CardOptions } from "./card.ts";
import { el, safeUrl } from "./dom.ts";

const SLOT = "endcap-card-";

export const templateOf = (host: Element): HTMLTemplateElement | null => host.querySelector(":scope > template");

/** What the shop put inside the element to be seen: neither its template nor cards that were made of it. */
export const ownContent = (host: Element): Element | undefined =>
  [...host.children].find((child) => child.localName !== "template" && !child.slot.startsWith(SLOT));

export function removeCards(host: Element): void {
  for (const child of [...host.children]) if (child.slot.startsWith(SLOT)) child.remove();
}

/** The list's part of the card, and the part that becomes a child of the host. `undefined` for an item that cannot be shown. */
export function templateCard(
  template: HTMLTemplateElement,
  { item, reason }: RecommendedItem,
  index: number,
  { price: format, onChoose }: CardOptions,
): { element: HTMLLIElement; child: HTMLElement } | undefined {
  const href = safeUrl(item?.url);
  if (!item || !href) return undefined;
  const price = (amount: string) => format(amount, item.currency);
  const texts: Record<string, string | undefined> = {
    title: item.title,
    brand: item.brand,
    price: price(item.price),
    "list-price": Number(item.listPrice) > Number(item.price) ? price(item.listPrice ?? "") : undefined,
    reason: reason?.text,
  };
  const slot = SLOT + index;
  const card = el("div", { slot }, document.importNode(template.content, true));
  for (const node of card.querySelectorAll<HTMLElement>("[data-field]")) {
    const field = node.dataset.field ?? "";
    if (node instanceof HTMLAnchorElement) node.href = href;
    else if (node instanceof HTMLImageElement) {
      node.loading = "lazy";
      node.src = safeUrl(item.imageUrl) ?? "";
    } else if (texts[field] === undefined) node.remove();
    else node.textContent = texts[field];
  }
  for (const link of card.querySelectorAll("a")) {
    link.addEventListener("click", onChoose);
    link.addEventListener("auxclick", ({ button }) => button === 1 && onChoose());
  }
  return { element: el("li", { part: "card" }, el("slot", { name: slot })), child: card };
}
