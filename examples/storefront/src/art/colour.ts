/** The shop's colourways and the tones that a drawing derives from one. */
export const colourways = {
  Moss: "#6b7a45",
  Pine: "#2f5044",
  Sage: "#9aab8b",
  Tarn: "#42697c",
  Sky: "#8db4c4",
  Indigo: "#3a4a72",
  Heather: "#81708f",
  Ember: "#c9583b",
  Rosehip: "#b5494d",
  "Dog rose": "#dba9a2",
  Ochre: "#d79f3c",
  Clay: "#bd7151",
  Terracotta: "#c76d46",
  Bracken: "#94623a",
  Oat: "#d8c7a3",
  Chalk: "#eee7d9",
  Slate: "#525c64",
  Charcoal: "#35393c",
  Steel: "#b3bcc0",
  Copper: "#c07a52",
  Brass: "#c9a253",
  Walnut: "#70492f",
  Oak: "#c0935e",
  Ash: "#dcbf92",
  Olive: "#8a8250",
} as const;

export type Colourway = keyof typeof colourways;

export interface Ink {
  base: string;
  dark: string;
  deep: string;
  light: string;
  pale: string;
  /** A second colour that goes with the first. */
  accent: string;
  accentDark: string;
}

const companionOf: Record<Colourway, string> = {
  Moss: "#d79f3c",
  Pine: "#d79f3c",
  Sage: "#f2e6cf",
  Tarn: "#e6b566",
  Sky: "#f4ead6",
  Indigo: "#d98f5c",
  Heather: "#e5c58a",
  Ember: "#f2dcb3",
  Rosehip: "#f0d9bd",
  "Dog rose": "#8c4a4a",
  Ochre: "#35544a",
  Clay: "#f0dfc4",
  Terracotta: "#f1dcc0",
  Bracken: "#e7cf9f",
  Oat: "#6b7a45",
  Chalk: "#42697c",
  Slate: "#e0884f",
  Charcoal: "#c9583b",
  Steel: "#35393c",
  Copper: "#70492f",
  Brass: "#70492f",
  Walnut: "#d9b877",
  Oak: "#6d4a2c",
  Ash: "#8a6238",
  Olive: "#efe2c0",
};

export function inkOf(colour: Colourway): Ink {
  const base = colourways[colour];
  const accent = companionOf[colour];
  return {
    base,
    dark: shade(base, -0.16),
    deep: shade(base, -0.36),
    light: shade(base, 0.2),
    pale: shade(base, 0.48),
    accent,
    accentDark: shade(accent, -0.2),
  };
}

/** Mixes towards black (amount < 0) or white (amount > 0); |amount| <= 1. */
function shade(hex: string, amount: number): string {
  const target = amount < 0 ? 0 : 255;
  const share = Math.abs(amount);
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16);
    return Math.round(value + (target - value) * share)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** Materials that look the same whatever the colourway. */
export const material = {
  steel: "#b8c1c5",
  steelDark: "#8e999f",
  steelLight: "#dde3e5",
  iron: "#3b3f42",
  ironLight: "#565c60",
  wood: "#be905c",
  woodDark: "#966b40",
  woodLight: "#d9b483",
  brass: "#cda856",
  brassDark: "#a5823b",
  cord: "#efe3c8",
  soil: "#5b4334",
  leaf: "#6f8f4e",
  leafDark: "#4d6e3b",
  leafLight: "#94ad69",
  cream: "#f7f0e1",
  shadow: "#2b2a24",
  flame: "#f0a73c",
  flameCore: "#fbe3a0",
} as const;
