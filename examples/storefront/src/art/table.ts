import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, ring, shadow, stroke } from "./pen.ts";

export function plate(ink: Ink, style: number): string {
  const rim =
    style % 2
      ? [ring(200, 198, 118, ink.accent, 3), ring(200, 198, 108, ink.accent, 3)]
      : [
          ring(200, 198, 112, ink.accent, 5),
          ...Array.from({ length: 16 }, (_, i) =>
            circle(
              200 + Math.round(Math.cos((i / 16) * 6.283) * 100),
              198 + Math.round(Math.sin((i / 16) * 6.283) * 100),
              4,
              ink.accent,
            ),
          ),
        ];
  return [
    oval(200, 322, 124, 12, material.shadow, { opacity: 0.13 }),
    circle(200, 202, 128, ink.dark),
    circle(200, 198, 128, ink.base),
    ...rim,
    circle(200, 198, 88, ink.light),
    circle(200, 202, 84, ink.pale, { opacity: 0.6 }),
    stroke("M104 148 Q128 102 180 88", "#ffffff", 6, { opacity: 0.45 }),
  ].join("");
}

export function bowl(ink: Ink, style: number): string {
  const band =
    style % 2
      ? [238, 190, 142].map((y) => stroke(`M98 ${y + 24} Q200 ${y + 46} 302 ${y + 24}`, ink.accent, 4)).join("")
      : "";
  const stack = (y: number, half: number) =>
    fill(
      `M${200 - half} ${y} L${200 + half} ${y} C${200 + half - 8} ${y + 60} 252 ${y + 78} 200 ${y + 78} C148 ${y + 78} ${200 - half + 8} ${y + 60} ${200 - half} ${y} Z`,
      ink.base,
    ) +
    fill(
      `M${200 - half} ${y} L${200 - half + 40} ${y} C${200 - half + 50} ${y + 50} 176 ${y + 74} 190 ${y + 78} C148 ${y + 76} ${200 - half + 8} ${y + 60} ${200 - half} ${y} Z`,
      ink.light,
    ) +
    fill(
      `M${200 + half - 44} ${y} L${200 + half} ${y} C${200 + half - 8} ${y + 60} 252 ${y + 78} 206 ${y + 78} C240 ${y + 66} ${200 + half - 50} ${y + 40} ${200 + half - 44} ${y} Z`,
      ink.dark,
    ) +
    oval(200, y, half, 15, ink.deep) +
    oval(200, y + 2, half - 8, 11, ink.light);
  return [
    shadow(96),
    rect(158, 310, 84, 14, 5, ink.dark),
    stack(238, 118),
    stack(190, 116),
    stack(142, 114),
    band,
  ].join("");
}

export function jug(ink: Ink, style: number): string {
  const decor =
    style % 2
      ? fill("M118 246 Q200 268 288 246 L292 290 Q288 324 252 324 L156 324 Q120 324 116 290 Z", ink.accent)
      : [0, 1, 2]
          .map((i) =>
            stroke(
              `M${112 + i * 2} ${226 + i * 28} Q204 ${244 + i * 28} ${292 - i * 2} ${226 + i * 28}`,
              ink.accent,
              5,
            ),
          )
          .join("");
  return [
    shadow(100),
    stroke("M262 128 q84 -2 74 80 q-6 54 -56 58", ink.dark, 17),
    fill(
      "M144 92 L262 98 C258 140 296 190 292 270 Q292 324 250 324 L158 324 Q116 324 116 270 C112 190 152 140 144 92 Z",
      ink.base,
    ),
    decor,
    fill(
      "M144 92 L172 94 C180 146 146 190 146 270 Q146 312 164 324 L158 324 Q116 324 116 270 C112 190 152 140 144 92 Z",
      ink.light,
      { opacity: 0.85 },
    ),
    fill(
      "M240 97 L262 98 C258 140 296 190 292 270 Q292 324 250 324 Q268 300 264 250 C260 190 236 150 240 97 Z",
      ink.dark,
      { opacity: 0.7 },
    ),
    fill("M144 92 L110 84 Q150 66 200 72 Q258 76 262 98 Q200 112 144 92 Z", ink.deep),
    stroke("M190 92 C182 30 170 36 150 22 M204 94 C206 40 220 40 232 20 M196 92 L194 14", material.leafDark, 5),
    circle(150, 22, 15, "#e9b8a8"),
    circle(232, 22, 14, "#f2e3c2"),
    circle(194, 18, 13, "#d98973"),
  ].join("");
}

export function apron(ink: Ink, style: number): string {
  const stripes =
    style % 2
      ? Array.from({ length: 8 }, (_, i) => stroke(`M${128 + i * 21} 196 L${122 + i * 22} 330`, ink.light, 4)).join("")
      : "";
  return [
    shadow(100, 200, 348),
    stroke("M162 92 C160 20 240 20 238 92", ink.dark, 9),
    stroke("M116 196 C80 216 70 240 74 262 M284 196 C320 216 330 240 326 262", ink.dark, 8),
    fill(
      "M152 88 L248 88 C250 140 262 178 290 190 L296 318 Q298 336 280 338 L120 338 Q102 336 104 318 L110 190 C138 178 150 140 152 88 Z",
      ink.base,
    ),
    stripes,
    fill("M262 170 Q272 184 290 190 L296 318 Q298 336 280 338 L262 338 Z", ink.dark, { opacity: 0.5 }),
    fill("M152 88 L248 88 L249 104 L151 104 Z", ink.accent),
    rect(148, 224, 104, 72, 8, ink.dark),
    rect(148, 224, 104, 12, 4, ink.accent),
    stroke("M200 238 L200 294", ink.deep, 3, { "stroke-dasharray": "4 4" }),
    stroke("M182 232 L178 186", material.wood, 9),
    oval(177, 178, 13, 19, material.woodLight),
    circle(158, 96, 5, material.brass),
    circle(242, 96, 5, material.brass),
  ].join("");
}

export function teaTowel(ink: Ink, style: number): string {
  const motif =
    style % 3 === 0
      ? [0, 1, 2].map((i) => rect(126, 186 + i * 34, 148, i === 1 ? 20 : 8, 0, ink.base)).join("")
      : style % 3 === 1
        ? [0, 1, 2, 3]
            .map(
              (i) =>
                stroke(`M${142 + i * 38} 280 L${142 + i * 38} 190`, ink.base, 5) +
                [0, 1, 2]
                  .map(
                    (j) =>
                      oval(142 + i * 38 - 9, 206 + j * 26, 9, 5, ink.base) +
                      oval(142 + i * 38 + 9, 216 + j * 26, 9, 5, ink.dark),
                  )
                  .join(""),
            )
            .join("")
        : [0, 1, 2, 3, 4].map((i) => rect(126 + i * 32, 130, 12, 190, 0, ink.base, { opacity: 0.55 })).join("") +
          [0, 1, 2, 3, 4].map((i) => rect(126, 150 + i * 36, 148, 12, 0, ink.base, { opacity: 0.55 })).join("");
  return [
    shadow(84, 200, 344),
    rect(60, 86, 280, 14, 7, material.woodDark),
    rect(60, 84, 280, 9, 4, material.woodLight),
    stroke("M200 84 L200 62", material.brassDark, 6),
    circle(200, 58, 8, material.brass),
    fill("M140 88 L294 88 L294 296 L140 296 Z", ink.pale),
    rect(126, 84, 148, 250, 4, material.cream),
    motif,
    rect(126, 312, 148, 10, 0, ink.dark),
    rect(126, 84, 148, 16, 4, "#ffffff", { opacity: 0.55 }),
    fill("M250 84 L274 84 L274 334 L258 334 Z", ink.deep, { opacity: 0.1 }),
  ].join("");
}
