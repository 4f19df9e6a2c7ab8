import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, shadow, stroke } from "./pen.ts";

export function backpack(ink: Ink, style: number): string {
  return [
    shadow(108),
    stroke("M112 180 C74 210 78 280 108 308", ink.deep, 16),
    stroke("M288 180 C326 210 322 280 292 308", ink.deep, 16),
    stroke("M170 78 q30 -36 60 0", ink.deep, 10),
    fill("M112 152 Q112 76 200 76 Q288 76 288 152 L296 300 Q296 324 268 324 L132 324 Q104 324 104 300 Z", ink.base),
    fill("M256 92 Q288 108 288 152 L296 300 Q296 324 268 324 L254 324 Z", ink.dark),
    style % 2
      ? [
          fill("M106 150 Q106 84 200 84 Q294 84 294 150 L286 188 Q200 204 114 188 Z", ink.dark),
          stroke("M156 150 L156 236 M244 150 L244 236", ink.accent, 11),
          rect(146, 214, 20, 26, 4, material.brass),
          rect(234, 214, 20, 26, 4, material.brass),
        ].join("")
      : [
          stroke("M128 150 Q200 116 272 150", ink.deep, 5),
          stroke("M128 150 Q200 116 272 150", material.cream, 2, { "stroke-dasharray": "3 5" }),
          stroke("M134 196 l132 0", ink.accent, 9),
        ].join(""),
    fill("M132 236 Q200 222 268 236 L272 296 Q270 310 256 310 L144 310 Q130 310 128 296 Z", ink.light),
    fill("M132 236 Q200 222 268 236 L269 252 Q200 238 131 252 Z", ink.dark),
    rect(184, 262, 32, 26, 4, ink.accent),
    fill("M192 280 l8 -12 l8 12 Z", material.cream),
    rect(92, 244, 18, 66, 9, ink.dark),
    rect(290, 244, 18, 66, 9, ink.deep),
    stroke("M124 120 Q134 96 168 88", ink.pale, 5, { opacity: 0.7 }),
  ].join("");
}

export function dryBag(ink: Ink, style: number): string {
  return [
    shadow(92),
    stroke("M146 106 C146 56 254 56 254 106", ink.deep, 9),
    fill("M124 150 Q124 118 144 118 L256 118 Q276 118 276 150 L284 296 Q284 324 200 324 Q116 324 116 296 Z", ink.base),
    fill("M124 150 Q124 118 144 118 L160 118 L152 320 Q116 314 116 296 Z", ink.light),
    fill("M244 118 L256 118 Q276 118 276 150 L284 296 Q284 314 246 320 Z", ink.dark),
    fill("M132 118 L268 118 L262 140 L138 140 Z", ink.deep),
    rect(128, 92, 144, 30, 12, ink.dark),
    stroke("M136 102 L264 102 M136 111 L264 111", ink.deep, 3),
    rect(180, 86, 40, 24, 5, material.iron),
    rect(190, 92, 20, 12, 3, material.steelDark),
    style % 2
      ? stroke(
          "M150 220 q12 -14 25 0 q12 14 25 0 q12 -14 25 0 q12 14 25 0 M150 246 q12 -14 25 0 q12 14 25 0 q12 -14 25 0 q12 14 25 0",
          material.cream,
          6,
        )
      : rect(152, 186, 96, 84, 6, ink.accent) +
        fill("M200 198 q-30 36 -14 54 q14 14 28 0 q16 -18 -14 -54 Z", material.cream),
    oval(200, 304, 72, 9, ink.deep, { opacity: 0.3 }),
  ].join("");
}

export function flask(ink: Ink, style: number): string {
  return [
    shadow(70),
    rect(156, 66, 88, 64, 12, material.steel),
    rect(156, 66, 26, 64, 12, material.steelLight),
    rect(222, 66, 22, 64, 12, material.steelDark),
    stroke("M160 112 L240 112", material.steelDark, 4),
    rect(164, 128, 72, 14, 3, material.iron),
    fill(
      "M148 162 Q148 140 172 140 L228 140 Q252 140 252 162 L252 304 Q252 324 232 324 L168 324 Q148 324 148 304 Z",
      ink.base,
    ),
    fill("M148 162 Q148 140 172 140 L176 140 L176 324 L168 324 Q148 324 148 304 Z", ink.light),
    fill("M230 140 Q252 142 252 162 L252 304 Q252 324 232 324 L230 324 Z", ink.dark),
    rect(148, 292, 104, 10, 0, material.steel),
    style % 2
      ? rect(148, 190, 104, 18, 0, ink.accent) + rect(148, 214, 104, 6, 0, ink.accent)
      : fill("M172 262 L192 226 L204 244 L214 232 L232 262 Z", ink.pale) + circle(218, 218, 6, ink.accent),
    stroke("M252 164 q40 8 38 60 q-2 48 -38 56", ink.deep, 10, { opacity: style % 3 === 0 ? 1 : 0 }),
  ].join("");
}

export function bottle(ink: Ink, style: number): string {
  return [
    shadow(68),
    stroke("M176 82 C176 42 224 42 224 82", ink.deep, 10),
    rect(164, 78, 72, 40, 9, ink.deep),
    stroke("M178 84 l0 28 M194 84 l0 28 M210 84 l0 28 M224 84 l0 28", ink.dark, 3),
    rect(170, 116, 60, 16, 3, material.steel),
    fill(
      "M170 130 L230 130 C232 150 258 158 258 190 L258 302 Q258 324 236 324 L164 324 Q142 324 142 302 L142 190 C142 158 168 150 170 130 Z",
      ink.base,
    ),
    fill(
      "M170 130 L186 130 C182 158 168 162 168 194 L168 324 L164 324 Q142 324 142 302 L142 190 C142 158 168 150 170 130 Z",
      ink.light,
    ),
    fill(
      "M222 130 L230 130 C232 150 258 158 258 190 L258 302 Q258 324 236 324 L234 324 L234 190 C234 162 220 152 222 130 Z",
      ink.dark,
    ),
    style % 3 === 0
      ? stroke(
          "M200 286 L200 210 M200 236 q-22 -6 -22 -26 q22 2 22 26 M200 256 q22 -6 22 -26 q-22 2 -22 26",
          ink.pale,
          5,
        )
      : style % 3 === 1
        ? rect(142, 226, 116, 44, 0, ink.accent)
        : [0, 1, 2].map((i) => stroke(`M142 ${212 + i * 26} q29 -16 58 0 q29 16 58 0`, ink.pale, 5)).join(""),
  ].join("");
}
