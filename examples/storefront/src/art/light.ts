import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, ring, shadow, stroke } from "./pen.ts";

export function lantern(ink: Ink, style: number): string {
  const cage =
    style % 2
      ? stroke("M146 158 L146 268 M254 158 L254 268 M200 158 L200 268", material.steelDark, 4)
      : stroke("M138 196 Q200 212 262 196 M138 236 Q200 252 262 236", material.steelDark, 4);
  return [
    shadow(90),
    circle(200, 210, 122, material.flameCore, { opacity: 0.32 }),
    stroke("M136 150 C112 40 288 40 264 150", material.steelDark, 6),
    fill("M156 118 L244 118 L268 156 L132 156 Z", ink.base),
    fill("M156 118 L180 118 L168 156 L132 156 Z", ink.light),
    rect(176, 92, 48, 28, 8, ink.dark),
    rect(138, 156, 124, 112, 10, "#fff6d8"),
    fill("M200 172 q-40 46 -20 76 q20 22 40 0 q20 -32 -20 -76 Z", material.flame),
    fill("M200 206 q-18 24 -8 40 q8 8 16 0 q10 -16 -8 -40 Z", material.flameCore),
    cage,
    rect(138, 156, 18, 112, 8, "#ffffff", { opacity: 0.6 }),
    fill("M126 268 L274 268 L286 306 Q286 324 266 324 L134 324 Q114 324 114 306 Z", ink.base),
    fill("M126 268 L156 268 L148 324 L134 324 Q114 324 114 306 Z", ink.light),
    fill("M246 268 L274 268 L286 306 Q286 324 266 324 L254 324 Z", ink.dark),
    circle(200, 298, 11, ink.accent),
    stroke("M200 298 l0 -8", material.shadow, 3),
  ].join("");
}

export function headlamp(ink: Ink, style: number): string {
  return [
    shadow(112),
    fill("M214 196 L60 96 L40 238 Z", material.flameCore, { opacity: 0.45 }),
    `<ellipse cx="216" cy="236" rx="118" ry="80" fill="none" stroke="${ink.dark}" stroke-width="30"/>`,
    `<ellipse cx="216" cy="230" rx="118" ry="80" fill="none" stroke="${ink.base}" stroke-width="26"/>`,
    `<ellipse cx="216" cy="230" rx="118" ry="80" fill="none" stroke="${ink.accent}" stroke-width="${style % 2 ? 6 : 3}" stroke-dasharray="${style % 2 ? "none" : "14 10"}"/>`,
    stroke("M214 152 Q300 110 330 200", ink.dark, 16, { opacity: style % 3 === 0 ? 1 : 0 }),
    rect(96, 172, 88, 82, 18, material.iron),
    rect(96, 172, 88, 26, 13, material.ironLight),
    circle(132, 218, 29, material.steelLight),
    circle(132, 218, 22, "#fff3c4"),
    circle(124, 210, 8, "#ffffff"),
    circle(169, 232, 8, ink.accent),
    rect(262, 286, 40, 26, 6, material.iron),
    rect(270, 286, 8, 26, 2, material.steelDark),
  ].join("");
}

export function fireBowl(ink: Ink, style: number): string {
  const tongues = [
    [
      "M200 60 C120 150 136 196 148 216 L252 216 C266 190 276 150 232 116 C226 138 214 140 214 126 C214 104 214 84 200 60 Z",
      material.flame,
    ],
    ["M204 118 C160 168 168 200 176 218 L234 218 C246 190 240 164 224 150 C218 164 204 160 204 118 Z", "#f6c75a"],
    ["M202 164 C182 190 186 208 192 220 L216 220 C222 204 216 190 202 164 Z", material.flameCore],
  ] as const;
  return [
    shadow(128),
    ...tongues.map(([d, colour]) => fill(d, colour)),
    stroke("M138 216 L250 186 M150 188 L262 220", material.woodDark, 18),
    circle(252, 186, 9, material.woodLight),
    circle(150, 188, 9, material.woodLight),
    fill("M76 214 L324 214 C318 268 272 294 200 294 C128 294 82 268 76 214 Z", ink.base),
    fill("M76 214 L120 214 C126 260 150 284 186 294 C124 292 82 268 76 214 Z", ink.light),
    fill("M284 214 L324 214 C318 268 276 292 218 294 C256 282 280 256 284 214 Z", ink.dark),
    rect(66, 208, 268, 14, 7, ink.deep),
    style % 2
      ? [0, 1, 2, 3, 4].map((i) => circle(136 + i * 32, 250, 7, ink.deep)).join("")
      : stroke("M130 252 l20 -16 l20 16 l20 -16 l20 16 l20 -16 l20 16 l16 -14", ink.deep, 5),
    stroke("M134 284 L112 322 M266 284 L288 322 M200 294 L200 322", material.iron, 11),
  ].join("");
}

export function candle(ink: Ink, style: number): string {
  if (style % 2) {
    return [
      shadow(86),
      circle(200, 126, 62, material.flameCore, { opacity: 0.35 }),
      fill("M122 204 L278 204 L278 306 Q278 324 256 324 L144 324 Q122 324 122 306 Z", ink.base),
      fill("M122 204 L150 204 L150 324 L144 324 Q122 324 122 306 Z", ink.light),
      fill("M250 204 L278 204 L278 306 Q278 324 256 324 L250 324 Z", ink.dark),
      oval(200, 204, 78, 18, ink.deep),
      oval(200, 205, 68, 13, "#f3e3bd"),
      rect(150, 236, 100, 58, 4, material.cream),
      stroke("M166 256 l68 0 M178 274 l44 0", ink.dark, 5),
      stroke("M200 204 L200 176", material.shadow, 4),
      fill("M200 112 q-32 40 -15 62 q15 15 30 0 q17 -22 -15 -62 Z", material.flame),
      fill("M200 144 q-14 18 -6 30 q6 6 12 0 q8 -12 -6 -30 Z", material.flameCore),
    ].join("");
  }
  const taper = (x: number, top: number) =>
    circle(x, top - 34, 44, material.flameCore, { opacity: 0.35 }) +
    rect(x - 13, top, 26, 306 - top, 5, ink.base) +
    rect(x - 13, top, 9, 306 - top, 4, ink.light) +
    stroke(`M${x} ${top} l0 -14`, material.shadow, 3) +
    fill(`M${x} ${top - 62} q-20 28 -9 44 q9 10 18 0 q11 -16 -9 -44 Z`, material.flame) +
    fill(`M${x} ${top - 40} q-9 12 -4 21 q4 5 8 0 q5 -9 -4 -21 Z`, material.flameCore) +
    fill(`M${x - 34} 322 q4 -26 20 -26 l28 0 q16 0 20 26 Z`, material.brass) +
    rect(x - 18, 288, 36, 12, 4, material.brassDark);
  return [
    shadow(126),
    taper(112, 170),
    taper(200, 128),
    taper(288, 198),
    ring(250, 312, 9, material.brassDark, 4),
  ].join("");
}
