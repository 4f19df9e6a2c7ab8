const pounds = new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" });
const wholePounds = new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP", maximumFractionDigits: 0 });

/** "£24" for whole pounds, "£4.50" for the rest. */
export function money(pence: number): string {
  return (pence % 100 === 0 ? wholePounds : pounds).format(pence / 100);
}
