import { type Ink, material } from "./colour.ts";
import { circle, fill, rect, shadow, stroke, turn } from "./pen.ts";

const rivets = (xs: number[], y: number) => xs.map((x) => circle(x, y, 4.5, material.brass)).join("");

export function chefsKnife(ink: Ink, style: number): string {
  const blade =
    style % 2
      ? stroke("M50 222 q20 -10 40 0 t40 0 t40 0 t40 0", material.steelLight, 3, { opacity: 0.9 })
      : fill("M64 212 L236 212 L236 222 L84 226 Z", material.steelLight);
  return turn(
    -32,
    200,
    205,
    fill("M36 236 Q120 270 236 262 L236 272 Q110 280 36 236 Z", material.shadow, { opacity: 0.12 }),
    fill("M22 200 C60 176 150 176 240 178 L240 252 C150 256 70 240 22 200 Z", material.steel),
    fill("M22 200 C70 240 150 256 240 252 L240 238 C150 240 80 228 22 200 Z", material.steelLight),
    blade,
    rect(236, 178, 16, 60, 3, material.steelDark),
    fill("M250 180 L370 184 Q392 188 390 206 Q388 226 366 226 L330 220 Q296 226 250 222 Z", ink.base),
    fill("M250 180 L370 184 Q384 186 388 196 L250 192 Z", ink.light),
    fill("M250 212 Q296 216 330 211 L366 216 Q378 216 386 210 Q384 226 366 226 L330 220 Q296 226 250 222 Z", ink.dark),
    rivets([276, 314, 352], 203),
  );
}

export function paringKnife(ink: Ink, style: number): string {
  return [
    fill("M92 300 C92 262 130 250 158 262 C186 250 226 264 222 306 C218 330 96 330 92 300 Z", "#c8503c"),
    fill("M110 286 q4 -16 22 -18", "none", { stroke: "#e58d74", "stroke-width": 7, "stroke-linecap": "round" }),
    stroke("M158 262 q2 -18 14 -24", material.leafDark, 5),
    fill("M170 244 q24 -18 38 2 q-20 14 -38 -2 Z", material.leaf),
    turn(
      style % 2 ? -38 : -30,
      200,
      180,
      fill("M64 172 C100 156 160 158 214 160 L214 198 C150 202 100 196 64 172 Z", material.steel),
      fill("M64 172 C100 196 150 202 214 198 L214 188 C150 192 104 188 64 172 Z", material.steelLight),
      rect(210, 156, 14, 44, 3, material.steelDark),
      fill("M222 158 L326 156 Q348 160 346 178 Q344 198 322 196 L222 196 Z", ink.base),
      fill("M222 158 L326 156 Q340 158 344 168 L222 170 Z", ink.light),
      rivets([248, 306], 177),
    ),
    shadow(110, 170, 330),
  ].join("");
}

export function choppingBoard(ink: Ink, style: number): string {
  const shape =
    style % 3 === 2
      ? fill(
          "M200 76 C290 76 322 140 322 206 C322 278 276 326 200 326 C124 326 78 278 78 206 C78 140 110 76 200 76 Z",
          ink.base,
        )
      : rect(96, 112, 208, 212, 20, ink.base) + rect(172, 52, 56, 80, 22, ink.base);
  const grain = [0, 1, 2, 3].map((i) =>
    stroke(`M${120 + i * 44} ${136 + (i % 2) * 20} q${i % 2 ? 12 : -10} 70 ${i % 2 ? -4 : 6} 150`, ink.dark, 3, {
      opacity: 0.55,
    }),
  );
  return [
    shadow(114, 200, 332),
    shape,
    ...grain,
    style % 3 === 2 ? circle(200, 106, 12, material.cream) : circle(200, 82, 12, material.cream),
    style % 2
      ? rect(112, 262, 176, 48, 4, ink.accent, { opacity: 0.55 })
      : fill("M150 236 q10 -40 50 -36 q40 -4 50 36 q-20 30 -50 24 q-30 6 -50 -24 Z", "#d9a55c") +
        stroke("M172 214 l18 26 M196 208 l18 28 M220 212 l12 22", "#f0d6a5", 7),
    stroke("M106 140 L106 300", ink.light, 6, { opacity: style % 3 === 2 ? 0 : 0.9 }),
  ].join("");
}

export function whetstone(ink: Ink, style: number): string {
  return [
    shadow(142),
    rect(62, 282, 276, 40, 8, material.woodDark),
    rect(62, 276, 276, 34, 8, material.wood),
    stroke("M84 292 L310 292", material.woodDark, 3),
    rect(82, 236, 236, 44, 5, ink.dark),
    fill("M82 240 L112 204 L336 204 L318 240 Z", ink.light),
    rect(82, 236, 236, style % 2 ? 22 : 14, 4, ink.base),
    fill("M318 240 L336 204 L336 252 L318 278 Z", ink.deep),
    fill("M134 222 q30 -12 62 -2 q22 8 46 0 q-10 14 -48 12 q-34 2 -60 -10 Z", "#cfe0e4", { opacity: 0.75 }),
    turn(
      -14,
      200,
      180,
      fill("M60 158 C110 140 170 144 232 146 L232 190 C160 194 100 184 60 158 Z", material.steel),
      fill("M60 158 C100 184 160 194 232 190 L232 180 C160 184 104 176 60 158 Z", material.steelLight),
      fill("M232 148 L330 150 Q350 154 348 170 Q346 186 326 184 L232 180 Z", material.iron),
      rivets([262, 312], 166),
    ),
    circle(300, 120, 7, "#a9c8d0"),
    circle(276, 92, 5, "#a9c8d0"),
  ].join("");
}
