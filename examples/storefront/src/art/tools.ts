import { type Ink, material } from "./colour.ts";
import { circle, fill, rect, shadow, stroke, turn } from "./pen.ts";

export function trowel(ink: Ink, style: number): string {
  return [
    turn(
      style % 2 ? 34 : 22,
      200,
      200,
      fill("M200 366 C160 330 150 276 158 226 L242 226 C250 276 240 330 200 366 Z", material.steel),
      fill("M200 366 C160 330 150 276 158 226 L200 226 Z", material.steelLight),
      stroke("M200 236 L200 330", material.steelDark, 4),
      fill("M176 226 L224 226 L212 176 L188 176 Z", material.steelDark),
      rect(186, 156, 28, 28, 4, material.brass),
      fill("M182 160 C176 110 178 70 186 40 Q200 26 214 40 C222 70 224 110 218 160 Z", ink.base),
      fill("M182 160 C176 110 178 70 186 40 Q192 32 198 32 L196 160 Z", ink.light),
      rect(181, 122, 38, 8, 2, ink.accent),
      circle(200, 54, 6, material.cream),
    ),
    fill("M60 330 q20 -22 46 -12 q30 -18 56 4 l4 10 L52 334 Z", material.soil),
    fill("M92 318 q-8 -24 -24 -26 q4 22 24 26 Z", material.leaf),
    fill("M92 318 q2 -28 20 -34 q0 26 -20 34 Z", material.leafLight),
  ].join("");
}

export function secateurs(ink: Ink, style: number): string {
  return [
    shadow(96),
    fill("M212 178 C180 150 168 100 184 54 C216 84 236 130 232 170 Z", material.steel),
    fill("M184 54 C216 84 236 130 232 170 L222 174 C218 130 206 90 184 54 Z", material.steelLight),
    fill("M190 184 C176 150 214 106 246 92 C250 130 240 166 218 190 Z", material.steelDark),
    fill("M188 184 C150 216 122 270 126 316 Q136 330 150 318 C160 276 184 236 214 206 Z", ink.base),
    fill("M188 184 C150 216 122 270 126 316 L134 322 C136 276 164 226 198 194 Z", ink.light),
    fill("M214 182 C252 210 278 262 278 312 Q268 328 254 316 C246 276 224 238 192 208 Z", ink.dark),
    stroke("M186 236 q14 -10 28 0 M180 250 q20 -12 40 0", material.brassDark, 5),
    circle(203, 192, 17, material.brass),
    circle(203, 192, 7, material.brassDark),
    style % 2 ? stroke("M136 300 q64 34 132 0", material.woodDark, 6) : rect(142, 262, 22, 10, 3, ink.accent),
    fill("M268 96 q32 -34 62 -18 q-16 34 -62 18 Z", material.leaf),
    fill("M276 116 q38 -10 54 14 q-30 20 -54 -14 Z", material.leafLight),
    stroke("M240 118 L292 92", material.leafDark, 5),
  ].join("");
}

export function spade(ink: Ink, style: number): string {
  const blade = [
    fill("M146 232 L254 232 L250 300 Q236 334 200 346 Q164 334 150 300 Z", material.steel),
    fill("M146 232 L184 232 L188 342 Q164 330 150 300 Z", material.steelLight),
    rect(142, 228, 116, 10, 4, material.steelDark),
  ];
  return digging(style % 2 ? closedGrip(ink) : openGrip(ink), ink, blade);
}

export function fork(ink: Ink, style: number): string {
  const tines = stroke(
    "M150 248 L250 248 M152 250 L152 326 M184 250 L184 334 M216 250 L216 334 M248 250 L248 326",
    material.steelDark,
    11,
  );
  return digging(style % 2 ? openGrip(ink) : closedGrip(ink), ink, [tines]);
}

function digging(grip: readonly string[], ink: Ink, head: readonly string[]): string {
  return [
    fill("M66 350 q64 -46 134 -30 q74 -16 138 30 Z", material.soil),
    turn(
      10,
      200,
      200,
      rect(190, 84, 20, 146, 6, material.wood),
      rect(190, 84, 8, 146, 4, material.woodLight),
      ...grip,
      rect(186, 196, 28, 40, 4, ink.dark),
      ...head,
    ),
    fill("M84 350 q48 -32 94 -18 q66 -14 142 18 Z", "#6f5442"),
  ].join("");
}

const openGrip = (ink: Ink) => [
  stroke("M158 46 L242 46", ink.base, 20),
  stroke("M160 41 L240 41", ink.light, 6),
  fill("M164 50 L236 50 L212 92 L188 92 Z", ink.base),
];

const closedGrip = (ink: Ink) => [
  stroke("M200 92 L164 66 L164 36 L236 36 L236 66 Z", ink.base, 15),
  stroke("M166 32 L234 32", ink.light, 5),
];

export function gloves(ink: Ink, style: number): string {
  const glove = [
    fill(
      "M124 318 L120 236 C96 222 74 188 82 178 C96 166 116 196 128 200 L126 118 Q128 100 142 102 Q154 104 154 120 L156 108 Q160 92 172 94 Q184 96 184 112 L186 118 Q192 104 202 108 Q212 112 212 128 L212 146 Q220 136 228 142 Q236 148 234 164 L228 236 L222 318 Z",
      ink.base,
    ),
    fill("M212 146 Q220 136 228 142 Q236 148 234 164 L228 236 L222 318 L200 318 L206 220 Z", ink.dark),
    style % 2
      ? [0, 1, 2, 3, 4, 5].map((i) => circle(142 + (i % 3) * 28, 196 + Math.floor(i / 3) * 30, 6, ink.accent)).join("")
      : fill("M130 190 Q170 178 216 190 L212 244 Q170 256 128 242 Z", ink.accent),
    rect(116, 268, 114, 54, 8, ink.accentDark),
    stroke("M126 284 L220 284 M126 300 L220 300", ink.accent, 4),
    stroke("M154 122 L154 180 M184 116 L184 176 M212 132 L210 182", ink.deep, 3, { opacity: 0.5 }),
  ].join("");
  return [
    shadow(124),
    `<g transform="translate(398 12) scale(-1 1) rotate(8 180 200)">${glove}</g>`,
    `<g transform="translate(-8 4) rotate(-8 180 200)">${glove}</g>`,
  ].join("");
}
