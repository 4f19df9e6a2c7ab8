import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, shadow, stroke } from "./pen.ts";

export function gasStove(ink: Ink, style: number): string {
  const flames = [-44, -22, 0, 22, 44].map(
    (dx) =>
      fill(`M${200 + dx} 146 q-13 -14 0 -36 q13 22 0 36 Z`, material.flame) +
      fill(`M${200 + dx} 146 q-6 -8 0 -20 q6 12 0 20 Z`, material.flameCore),
  );
  return [
    shadow(104),
    oval(200, 306, 82, 22, ink.deep),
    fill("M118 244 L282 244 L282 306 Q282 326 200 326 Q118 326 118 306 Z", ink.base),
    fill("M118 244 L150 244 L150 322 Q118 318 118 306 Z", ink.light),
    fill("M250 244 L282 244 L282 306 Q282 318 250 322 Z", ink.dark),
    rect(118, 268, 164, style % 2 ? 26 : 14, 0, ink.accent),
    oval(200, 244, 82, 20, ink.light),
    oval(200, 240, 40, 10, material.steelDark),
    rect(184, 196, 32, 44, 4, material.steelDark),
    rect(184, 196, 12, 44, 4, material.steel),
    rect(216, 210, 42, 9, 4, material.steel),
    stroke("M258 206 q18 8 0 18", ink.accent, 6),
    ...flames,
    fill("M146 152 Q200 172 254 152 L240 198 Q200 208 160 198 Z", material.iron),
    oval(200, 152, 56, 11, material.ironLight),
    stroke(
      "M150 156 L104 126 M104 126 l-14 0 M250 156 L296 126 M296 126 l14 0 M200 162 L200 122",
      material.steelDark,
      7,
    ),
  ].join("");
}

export function gasCanister(ink: Ink, style: number): string {
  return [
    shadow(96),
    rect(186, 118, 28, 26, 4, material.steelDark),
    rect(180, 110, 40, 14, 5, material.steel),
    fill("M112 196 Q112 142 200 142 Q288 142 288 196 L288 296 Q288 324 200 324 Q112 324 112 296 Z", ink.base),
    fill("M112 196 Q112 150 170 143 Q142 156 142 200 L142 318 Q112 312 112 296 Z", ink.light, { opacity: 0.8 }),
    fill("M258 156 Q288 166 288 196 L288 296 Q288 312 258 319 Z", ink.dark),
    rect(112, 206, 176, 74, 0, material.cream),
    style % 2
      ? fill("M200 214 q-30 30 -12 50 q14 14 28 0 q16 -18 -16 -50 Z", ink.accent) +
        fill("M200 238 q-12 14 -4 24 q6 6 10 0 q6 -10 -6 -24 Z", material.cream)
      : fill("M150 270 L186 222 L206 248 L222 230 L250 270 Z", ink.accent) + circle(238, 222, 7, ink.base),
    rect(112, 200, 176, 7, 0, ink.deep),
    rect(112, 279, 176, 7, 0, ink.deep),
  ].join("");
}

export function cookSet(ink: Ink, style: number): string {
  return [
    shadow(136),
    stroke("M296 250 q54 -2 60 30 q2 12 -10 14", material.steelDark, 9),
    fill("M100 226 L300 226 L292 306 Q288 324 268 324 L132 324 Q112 324 108 306 Z", material.steel),
    fill("M100 226 L134 226 L140 324 L132 324 Q112 324 108 306 Z", material.steelLight),
    fill("M262 226 L300 226 L292 306 Q288 324 268 324 L256 324 Z", material.steelDark),
    oval(200, 226, 100, 17, material.steelDark),
    fill("M124 158 L276 158 L272 214 Q270 228 200 230 Q130 228 128 214 Z", ink.base),
    fill("M124 158 L152 158 L156 227 Q130 224 128 214 Z", ink.light),
    fill("M246 158 L276 158 L272 214 Q270 224 242 227 Z", ink.dark),
    oval(200, 158, 76, 14, ink.deep),
    fill("M124 154 Q200 112 276 154 Q200 172 124 154 Z", material.steelLight),
    fill("M220 134 Q256 140 276 154 Q240 164 214 164 Z", material.steel),
    rect(186, 118, 28, 13, 6, ink.accent),
    style % 2
      ? stroke("M118 256 L284 256", material.steelDark, 4)
      : stroke("M118 292 l20 0 M118 276 l12 0 M118 260 l20 0", material.steelDark, 3),
    stroke("M104 240 q-44 0 -48 28 q-2 14 12 14", material.steelDark, 9),
  ].join("");
}

export function enamelMug(ink: Ink, style: number): string {
  const decor =
    style % 3 === 0
      ? fill("M136 262 L166 216 L184 240 L208 204 L250 262 Z", ink.pale) + circle(234, 210, 9, ink.accent)
      : style % 3 === 1
        ? Array.from({ length: 14 }, (_, i) =>
            circle(126 + ((i * 53) % 138), 184 + ((i * 37) % 112), 3 + (i % 3), ink.pale),
          ).join("")
        : stroke("M192 274 L192 208", ink.pale, 6) +
          [0, 1, 2]
            .map((i) =>
              stroke(`M192 ${224 + i * 18} l-${18 + i * 5} 12 M192 ${224 + i * 18} l${18 + i * 5} 12`, ink.pale, 6),
            )
            .join("");
  return [
    shadow(108),
    stroke("M276 190 q66 -8 64 48 q-2 48 -70 44", ink.deep, 17),
    stroke("M276 190 q66 -8 64 48 q-2 48 -70 44", ink.base, 12),
    fill("M108 154 L284 154 L276 300 Q274 324 250 324 L142 324 Q118 324 116 300 Z", ink.base),
    fill("M108 154 L138 154 L146 324 L142 324 Q118 324 116 300 Z", ink.light),
    fill("M250 154 L284 154 L276 300 Q274 324 250 324 L242 324 Z", ink.dark),
    decor,
    oval(196, 154, 90, 18, ink.deep),
    oval(196, 156, 80, 13, "#4a3020"),
    `<ellipse cx="196" cy="154" rx="88" ry="17" fill="none" stroke="${material.steelLight}" stroke-width="6"/>`,
    stroke("M168 122 q-14 -18 0 -34 q14 -16 2 -34 M214 124 q-14 -18 0 -34 q12 -14 4 -28", material.cream, 6, {
      opacity: 0.75,
    }),
  ].join("");
}
