/** One line of Online Retail II, cleaned. */
export interface RetailLine {
  readonly invoice: string;
  readonly product: string;
  readonly description: string | undefined;
  /** Negative: returned. */
  readonly quantity: number;
  /** RFC 3339. The data names no zone; it is taken as UTC. */
  readonly at: string;
  readonly price: number;
  readonly customer: string | undefined;
}

/** Why a line is no purchase and no return of a product. */
export type SkipReason = "not_a_product" | "stock_adjustment";

export const RETAIL_COLUMNS = [
  "invoice",
  "stock_code",
  "description",
  "quantity",
  "invoice_date",
  "price",
  "customer_id",
] as const;

/** Five digits and letters for a variant; the Dotcomgiftshop and stationery ranges have codes of their own. */
const PRODUCT = /^(\d{5}[A-Z]{0,3}|DCGS[A-Z0-9]+|SP\d{4})$/;
const DATE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/**
 * Postage, fees, samples, vouchers and tests are `not_a_product`; lines at price 0 are the warehouse's own bookings
 * ("short", "damages", "lost"). Undefined: the line is malformed.
 */
export function cleanRetailLine(row: Record<string, unknown>): RetailLine | SkipReason | undefined {
  const { invoice, stock_code, description, quantity, invoice_date, price, customer_id } = row;
  if (typeof invoice !== "string" || typeof stock_code !== "string" || typeof price !== "number") return undefined;
  if (typeof invoice_date !== "string" || !DATE.test(invoice_date)) return undefined;
  if (typeof quantity !== "bigint" && typeof quantity !== "number") return undefined;
  const product = stock_code.trim().toUpperCase(); // 85123a and "47503J " are 85123A and 47503J
  if (!PRODUCT.test(product)) return "not_a_product";
  if (price <= 0 || Number(quantity) === 0) return "stock_adjustment";
  return {
    invoice,
    product,
    description: typeof description === "string" && description.trim() !== "" ? description.trim() : undefined,
    quantity: Number(quantity),
    at: `${invoice_date.replace(" ", "T")}Z`,
    price,
    customer: customer_id == null ? undefined : String(customer_id),
  };
}
