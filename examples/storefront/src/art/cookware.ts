import { type Ink, material } from "./colour.ts";
import { circle, fill, oval, rect, ring, shadow, stroke, turn } from "./pen.ts";

/** Seen from above: the one view that tells a pan from a pot. */
export function skillet(ink: Ink, style: number): string {
  const food =
    style % 2
      ? fill(
          "M128 196 q-10 -44 36 -48 q20 -26 54 -4 q40 2 34 42 q14 40 -30 46 q-30 26 -58 2 q-34 -4 -36 -38 Z",
          "#fbf6e8",
        ) +
        circle(176, 188, 26, material.flame) +
        circle(168, 180, 8, material.flameCore)
      : [
          [156, 168],
          [214, 160],
          [188, 214],
          [232, 208],
          [146, 216],
        ]
          .map(([x, y], i) =>
            turn(
              i * 37,
              x ?? 0,
              y ?? 0,
              fill(`M${x} ${(y ?? 0) - 14} q22 0 20 20 q-20 12 -40 0 q-2 -20 20 -20 Z`, "#c9a06a"),
              rect((x ?? 0) - 5, (y ?? 0) + 4, 10, 16, 4, "#ead5ae"),
            ),
          )
          .join("");
  return [
    oval(196, 330, 122, 12, material.shadow, { opacity: 0.13 }),
    turn(
      38,
      190,
      190,
      rect(282, 174, 110, 32, 15, ink.deep),
      rect(282, 174, 110, 14, 7, ink.base),
      ring(372, 190, 7, material.cream, 4),
    ),
    circle(190, 194, 122, ink.deep),
    circle(190, 188, 122, ink.base),
    circle(190, 188, 106, ink.deep),
    circle(190, 190, 98, ink.dark),
    fill("M102 148 Q120 106 164 94", "none", { stroke: ink.light, "stroke-width": 6, "stroke-linecap": "round" }),
    food,
    fill("M84 232 l-16 18 l26 8 Z", ink.deep),
  ].join("");
}

export function casserole(ink: Ink, style: number): string {
  return [
    shadow(138),
    stroke("M84 226 q-44 -4 -40 22 q4 20 46 14", ink.deep, 14),
    stroke("M316 226 q44 -4 40 22 q-4 20 -46 14", ink.deep, 14),
    fill("M76 196 L324 196 L312 292 Q306 324 270 324 L130 324 Q94 324 88 292 Z", ink.base),
    fill("M76 196 L116 196 L130 324 Q94 324 88 292 Z", ink.light),
    fill("M280 196 L324 196 L312 292 Q306 324 270 324 L262 324 Z", ink.dark),
    fill("M70 188 C84 130 140 116 200 116 C260 116 316 130 330 188 Q200 206 70 188 Z", ink.base),
    fill("M70 188 C84 130 140 116 200 116 C140 126 116 150 106 194 Q82 192 70 188 Z", ink.light),
    fill("M272 128 C304 138 324 160 330 188 Q310 193 284 195 Q292 160 272 128 Z", ink.dark),
    stroke("M70 189 Q200 208 330 189", ink.deep, 7),
    style % 2 ? rect(178, 88, 44, 18, 9, material.brass) : circle(200, 96, 17, material.iron),
    rect(190, 100, 20, 18, 3, style % 2 ? material.brassDark : material.ironLight),
    style % 3 === 0 ? stroke("M96 264 Q200 284 304 264", ink.pale, 4, { opacity: 0.7 }) : "",
  ].join("");
}

export function saucepan(ink: Ink, style: number): string {
  const handle = style % 2 ? material.wood : material.iron;
  const handleLight = style % 2 ? material.woodLight : material.ironLight;
  return [
    shadow(112, 170),
    turn(
      -9,
      264,
      214,
      rect(262, 202, 112, 22, 11, handle),
      rect(268, 202, 100, 8, 4, handleLight),
      ring(362, 213, 5, material.cream, 3),
    ),
    rect(254, 200, 26, 26, 4, material.steelDark),
    fill("M72 186 L268 186 L260 300 Q256 324 234 324 L106 324 Q84 324 80 300 Z", ink.base),
    fill("M72 186 L106 186 L112 324 L106 324 Q84 324 80 300 Z", ink.light),
    fill("M230 186 L268 186 L260 300 Q256 324 234 324 L224 324 Z", ink.dark),
    oval(170, 186, 98, 18, ink.deep),
    oval(170, 188, 88, 13, "#d98f4a"),
    oval(146, 188, 16, 4, "#ebb777"),
    oval(196, 191, 12, 3, "#ebb777"),
    `<ellipse cx="170" cy="186" rx="97" ry="17" fill="none" stroke="${material.steelLight}" stroke-width="5"/>`,
    stroke("M136 150 q-14 -20 0 -38 q14 -18 0 -38 M190 148 q-14 -20 0 -38 q14 -18 0 -34", material.cream, 6, {
      opacity: 0.7,
    }),
    stroke("M88 286 L252 286", ink.dark, 4, { opacity: 0.6 }),
  ].join("");
}
