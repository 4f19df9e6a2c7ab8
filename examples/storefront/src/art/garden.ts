import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, shadow, stroke } from "./pen.ts";

const fern = (x: number, y: number) =>
  [-62, -38, -14, 14, 38, 62]
    .map((dx, i) =>
      fill(
        `M${x} ${y} C${x + dx * 0.3} ${y - 70} ${x + dx} ${y - 96 + Math.abs(dx) * 0.6} ${x + dx * 1.3} ${y - 72 + Math.abs(dx) * 0.7} C${x + dx * 0.9} ${y - 60} ${x + dx * 0.4} ${y - 30} ${x} ${y} Z`,
        i % 2 ? material.leaf : material.leafDark,
      ),
    )
    .join("");

const lavender = (x: number, y: number) =>
  [-40, -20, 0, 20, 40]
    .map(
      (dx) =>
        stroke(`M${x} ${y} Q${x + dx * 0.5} ${y - 50} ${x + dx} ${y - 90}`, material.leafDark, 4) +
        [0, 1, 2, 3].map((j) => oval(x + dx, y - 90 - j * 11, 8 - j, 7, j % 2 ? "#8d7ba6" : "#a592bd")).join(""),
    )
    .join("");

const cactus = (x: number, y: number) =>
  rect(x - 26, y - 122, 52, 126, 26, material.leaf) +
  stroke(`M${x - 26} ${y - 46} q-30 0 -28 -36`, material.leaf, 18) +
  stroke(`M${x + 26} ${y - 62} q30 0 28 -34`, material.leafDark, 18) +
  stroke(`M${x - 8} ${y - 108} l0 96 M${x + 10} ${y - 108} l0 96`, material.leafLight, 3) +
  circle(x, y - 126, 11, "#e08f87");

const plants = [fern, lavender, cactus];

export function terracottaPot(ink: Ink, style: number): string {
  const plant = plants[style % plants.length] ?? fern;
  return [
    shadow(86),
    plant(200, 208),
    fill("M128 222 L272 222 L252 308 Q248 324 232 324 L168 324 Q152 324 148 308 Z", ink.base),
    fill("M128 222 L158 222 L174 324 L168 324 Q152 324 148 308 Z", ink.light),
    fill("M242 222 L272 222 L252 308 Q248 324 232 324 L222 324 Z", ink.dark),
    rect(116, 194, 168, 34, 7, ink.base),
    rect(116, 194, 40, 34, 7, ink.light),
    rect(248, 194, 36, 34, 7, ink.dark),
    style % 2
      ? stroke("M146 260 l14 -14 l14 14 l14 -14 l14 14 l14 -14 l14 14 l14 -14 l10 10", ink.pale, 4)
      : rect(136, 256, 128, 8, 0, ink.deep, { opacity: 0.4 }),
  ].join("");
}

export function trough(ink: Ink, style: number): string {
  const herbs = [96, 148, 200, 252, 304].map((x, i) =>
    i % 2 === style % 2
      ? [-14, 0, 14]
          .map((dx) =>
            fill(
              `M${x} 218 C${x + dx} 170 ${x + dx * 2} 156 ${x + dx * 2} 140 C${x + dx * 2 + 14} 160 ${x + dx + 8} 190 ${x} 218 Z`,
              dx ? material.leaf : material.leafLight,
            ),
          )
          .join("")
      : stroke(`M${x} 218 L${x} 152`, material.leafDark, 4) +
        [0, 1, 2]
          .map(
            (j) =>
              oval(x - 11, 168 + j * 17, 11, 7, material.leafLight) + oval(x + 11, 162 + j * 17, 11, 7, material.leaf),
          )
          .join("") +
        (i === 2 ? circle(x, 144, 11, "#e3b23f") : ""),
  );
  return [
    shadow(164),
    ...herbs,
    rect(54, 214, 292, 14, 4, material.soil),
    fill("M48 212 L352 212 L336 308 Q334 318 324 318 L76 318 Q66 318 64 308 Z", ink.base),
    fill("M48 212 L82 212 L94 318 L76 318 Q66 318 64 308 Z", ink.light),
    fill("M318 212 L352 212 L336 308 Q334 318 324 318 L304 318 Z", ink.dark),
    rect(40, 204, 320, 18, 6, ink.dark),
    style % 2
      ? stroke("M62 252 L338 252 M66 284 L334 284", ink.deep, 4, { opacity: 0.6 })
      : [0, 1, 2, 3, 4, 5].map((i) => rect(84 + i * 42, 238, 18, 62, 4, ink.dark, { opacity: 0.55 })).join(""),
    rect(84, 316, 32, 12, 3, ink.deep),
    rect(284, 316, 32, 12, 3, ink.deep),
  ].join("");
}

export function plantStand(ink: Ink, style: number): string {
  const plant = plants[(style + 1) % plants.length] ?? fern;
  return [
    shadow(96),
    plant(200, 158),
    fill("M138 150 L262 150 L254 222 Q250 238 234 238 L166 238 Q150 238 146 222 Z", ink.base),
    fill("M138 150 L166 150 L174 238 L166 238 Q150 238 146 222 Z", ink.light),
    fill("M236 150 L262 150 L254 222 Q250 238 234 238 L226 238 Z", ink.dark),
    oval(200, 150, 62, 10, ink.deep),
    oval(200, 151, 54, 7, material.soil),
    style % 2
      ? stroke("M136 190 L118 322 M264 190 L282 322 M160 240 L158 300 M240 240 L242 300", material.wood, 11) +
        stroke("M134 244 L266 244", material.woodDark, 9)
      : stroke("M130 232 L270 232", material.iron, 8) +
        stroke("M144 232 L118 322 M256 232 L282 322 M200 232 L200 318 M132 284 Q200 302 268 284", material.iron, 6),
  ].join("");
}

export function wateringCan(ink: Ink, style: number): string {
  return [
    shadow(122, 214),
    fill("M160 260 L66 156 L84 142 L170 210 Z", ink.dark),
    fill("M44 158 L88 118 L96 134 L62 166 Z", ink.deep),
    ...[0, 1, 2, 3, 4].map((i) =>
      stroke(`M${42 + i * 7} ${172 + (i % 2) * 14} q-10 18 -14 38`, "#9cc4cf", 4, { opacity: 0.8 }),
    ),
    stroke("M300 186 C378 170 380 290 306 300", ink.deep, 15),
    stroke("M176 166 C180 84 286 84 294 166", ink.deep, 13),
    fill("M156 174 L304 174 L316 300 Q316 324 292 324 L168 324 Q144 324 144 300 Z", ink.base),
    fill("M156 174 L190 174 L182 324 L168 324 Q144 324 144 300 Z", ink.light),
    fill("M276 174 L304 174 L316 300 Q316 324 292 324 L278 324 Z", ink.dark),
    oval(230, 174, 74, 14, ink.deep),
    fill("M160 172 Q230 146 300 172 L262 182 Q200 184 160 172 Z", ink.light, { opacity: 0.9 }),
    style % 2 ? rect(148, 242, 165, 12, 0, ink.accent) : stroke("M150 216 L308 216 M147 292 L314 292", ink.dark, 5),
  ].join("");
}

export function twine(ink: Ink, style: number): string {
  const wraps = Array.from({ length: 9 }, (_, i) =>
    stroke(`M${126} ${158 + i * 16} Q200 ${176 + i * 16} 274 ${158 + i * 16}`, i % 2 ? ink.dark : ink.light, 5),
  );
  return [
    shadow(96),
    rect(118, 294, 164, 28, 10, material.woodDark),
    rect(118, 290, 164, 22, 10, material.wood),
    rect(124, 136, 152, 160, 16, ink.base),
    ...wraps,
    fill("M252 140 Q276 140 276 152 L276 290 L254 296 Z", ink.deep, { opacity: 0.25 }),
    rect(118, 116, 164, 26, 10, material.wood),
    oval(200, 118, 82, 15, material.woodLight),
    circle(200, 118, 11, material.woodDark),
    rect(148, 190, 104, 58, 5, material.cream),
    stroke("M164 210 l72 0 M174 228 l52 0", ink.dark, 5),
    stroke(
      style % 2
        ? "M276 270 C330 260 318 318 352 306 C376 298 360 272 342 286"
        : "M276 262 C318 250 332 300 310 318 C296 328 340 332 360 318",
      ink.base,
      6,
    ),
  ].join("");
}
