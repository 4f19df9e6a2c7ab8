import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, shadow, stroke } from "./pen.ts";

const leaves = (x: number, y: number) =>
  fill(`M${x} ${y} q-30 -16 -28 -46 q28 12 28 46 Z`, material.leafDark) +
  fill(`M${x} ${y} q0 -34 4 -56 q20 26 -4 56 Z`, material.leaf) +
  fill(`M${x} ${y} q30 -14 32 -42 q-32 6 -32 42 Z`, material.leafLight);

/** What grows: drawn on the packet's front, about (200, 240). */
const crops: Record<string, string> = {
  tomato: [
    stroke("M200 176 q-8 30 -26 40 M200 176 q8 30 28 44", material.leafDark, 4),
    circle(172, 246, 32, "#cc4b37"),
    circle(230, 252, 27, "#d9603f"),
    oval(160, 236, 9, 7, "#ea907a"),
    fill("M172 214 l-18 6 l14 4 l4 12 l5 -12 l14 -4 Z", material.leaf),
    fill("M230 226 l-16 5 l12 4 l4 10 l4 -10 l12 -4 Z", material.leaf),
    leaves(200, 182),
  ].join(""),
  carrot: [-26, 4, 32]
    .map(
      (dx, i) =>
        leaves(198 + dx, 206) +
        fill(
          `M${178 + dx} 206 q20 -12 40 0 q-6 60 -20 ${i === 1 ? 96 : 80} q-14 -30 -20 -${i === 1 ? 96 : 80} Z`,
          i === 1 ? "#dd7f35" : "#e4943f",
        ) +
        stroke(`M${184 + dx} 228 l14 2 M${190 + dx} 248 l12 2`, "#c4652a", 3),
    )
    .join(""),
  sunflower: [
    stroke("M200 298 L200 236", material.leafDark, 8),
    fill("M200 284 q-34 0 -42 -24 q36 -2 42 24 Z", material.leaf),
    ...Array.from(
      { length: 14 },
      (_, i) =>
        `<g transform="rotate(${i * 25.7} 200 206)">${oval(200, 166, 10, 26, i % 2 ? "#eab23c" : "#f0c45a")}</g>`,
    ),
    circle(200, 206, 27, "#6c4527"),
    circle(200, 206, 15, "#84583a"),
  ].join(""),
  poppy: [
    stroke("M176 298 q10 -50 -4 -84 M226 298 q-6 -40 8 -66", material.leafDark, 6),
    circle(150, 200, 25, "#cf5440"),
    circle(188, 200, 25, "#c2452f"),
    circle(169, 184, 25, "#dc6a50"),
    circle(169, 204, 11, "#3a2b2b"),
    circle(222, 226, 18, "#dc6a50"),
    circle(248, 226, 18, "#c2452f"),
    circle(235, 214, 18, "#cf5440"),
    circle(235, 228, 8, "#3a2b2b"),
  ].join(""),
  bean: [
    stroke("M200 300 C160 270 240 240 200 176", material.leafDark, 5),
    fill("M188 214 q-40 10 -48 62 q8 8 14 0 q22 -18 34 -62 Z", material.leaf),
    fill("M212 226 q44 4 56 50 q-6 10 -14 2 q-28 -14 -42 -52 Z", material.leafLight),
    leaves(200, 190),
    ...[0, 1, 2].map((i) => circle(166 - i * 7, 234 + i * 15, 5, material.leafDark)),
  ].join(""),
  lettuce: [
    fill("M200 300 C110 300 120 200 160 196 C170 168 230 168 240 196 C280 200 290 300 200 300 Z", material.leaf),
    fill("M200 298 C150 290 150 220 180 214 C190 196 210 196 220 214 C250 220 250 290 200 298 Z", material.leafLight),
    fill("M200 296 C176 280 180 240 200 232 C220 240 224 280 200 296 Z", "#c6d49a"),
    stroke("M200 294 L200 244 M200 270 l-18 -20 M200 270 l18 -20", "#eef1d6", 3),
  ].join(""),
  pumpkin: [
    stroke("M200 200 q-4 -20 14 -28", material.leafDark, 9),
    oval(152, 250, 36, 44, "#cf762c"),
    oval(248, 250, 36, 44, "#c56a24"),
    oval(178, 250, 34, 50, "#e08d3a"),
    oval(222, 250, 34, 50, "#d98231"),
    oval(200, 250, 28, 52, "#eaa04c"),
    fill("M214 180 q34 -12 48 10 q-26 18 -48 -10 Z", material.leaf),
  ].join(""),
  basil: [
    stroke("M200 300 L200 184", material.leafDark, 6),
    ...[0, 1, 2].map(
      (i) =>
        fill(`M200 ${290 - i * 36} q-50 -4 -${56 - i * 8} -40 q48 -6 ${56 - i * 8} 40 Z`, material.leaf) +
        fill(`M200 ${290 - i * 36} q50 -4 ${56 - i * 8} -40 q-48 -6 -${56 - i * 8} 40 Z`, material.leafLight),
    ),
  ].join(""),
};

const cropNames = Object.keys(crops);

export function seedPacket(ink: Ink, style: number): string {
  const crop = crops[cropNames[style % cropNames.length] ?? "tomato"] ?? "";
  return [
    shadow(96, 200, 344),
    `<g transform="rotate(-3 200 200)">`,
    fill("M106 60 L294 60 L298 338 L102 338 Z", ink.base),
    fill("M270 60 L294 60 L298 338 L276 338 Z", ink.dark, { opacity: 0.7 }),
    fill("M104 60 L296 60 L295 84 L105 84 Z", ink.deep),
    stroke("M110 72 L290 72", ink.light, 2, { "stroke-dasharray": "5 5" }),
    rect(122, 142, 156, 172, 78, material.cream),
    rect(138, 100, 124, 12, 4, material.cream),
    rect(160, 120, 80, 7, 3, ink.accent),
    `<g transform="translate(24 30) scale(.88)">${crop}</g>`,
    `</g>`,
    ...[0, 1, 2, 3, 4].map((i) =>
      oval(296 + ((i * 17) % 50), 328 + ((i * 7) % 14), 6, 4, i % 2 ? "#7a5a3c" : "#a07c50"),
    ),
  ].join("");
}
