import { type Ink, material } from "./colour.ts";
import { circle, fill, shadow, stroke } from "./pen.ts";

const guys = (left: number, right: number, top: number) =>
  stroke(`M${left + 46} ${top} L${left} 320`, material.cord, 2.5) +
  stroke(`M${right - 46} ${top} L${right} 320`, material.cord, 2.5) +
  stroke(`M${left - 3} 312 l6 12 M${right + 3} 312 l-6 12`, material.woodDark, 4);

export function domeTent(ink: Ink, style: number): string {
  const band =
    style % 3 === 0
      ? fill("M72 268 C66 286 60 304 56 322 L344 322 C340 304 334 286 328 268 C290 276 110 276 72 268 Z", ink.dark)
      : style % 3 === 1
        ? fill("M132 128 C150 108 176 98 200 98 C224 98 250 108 268 128 C240 120 160 120 132 128 Z", ink.accent)
        : fill("M110 162 C170 150 230 150 290 162 L300 184 C240 170 160 170 100 184 Z", ink.light);
  return [
    shadow(158),
    guys(30, 370, 236),
    fill("M52 322 C88 176 134 98 200 98 C266 98 312 176 348 322 Z", ink.base),
    band,
    fill("M52 322 C88 176 134 98 200 98 C150 130 116 220 104 322 Z", ink.deep, { opacity: 0.28 }),
    fill("M200 138 C238 180 262 250 270 322 L140 322 C146 250 166 180 200 138 Z", ink.deep),
    fill("M200 138 C226 178 240 250 238 322 L270 322 C262 250 238 180 200 138 Z", material.shadow, { opacity: 0.35 }),
    fill("M200 138 C172 190 168 250 176 322 L140 322 C146 250 166 180 200 138 Z", ink.pale),
    fill("M200 138 C184 190 178 250 176 322 L164 322 C162 250 176 184 200 138 Z", ink.light),
    stroke("M60 316 C96 172 140 98 200 98 C260 98 304 172 340 316", ink.accent, 5),
    stroke("M112 320 C124 216 154 132 200 98", ink.accentDark, 3.5, { opacity: 0.75 }),
    style % 2 ? circle(200, 94, 7, ink.accent) : fill("M200 96 l0 -30 l26 9 l-26 9 Z", ink.accent),
  ].join("");
}

export function tunnelTent(ink: Ink, style: number): string {
  const hoops = [118, 196, 274].map((x, i) => {
    const top = 128 + i * 12;
    return stroke(`M${x - 28} 320 C${x - 36} ${top + 50} ${x - 20} ${top} ${x + 8} ${top}`, ink.accent, 4.5);
  });
  return [
    shadow(168),
    stroke("M344 230 L384 320", material.cord, 2.5),
    stroke("M62 236 L20 320", material.cord, 2.5),
    fill("M48 322 C40 190 84 128 128 126 L292 152 C338 160 360 232 362 322 Z", ink.base),
    fill("M128 126 L292 152 C338 160 360 232 362 322 L330 322 C326 240 306 176 264 164 L134 142 Z", ink.light),
    fill("M48 322 C40 190 84 128 128 126 C160 140 176 220 172 322 Z", ink.dark),
    fill("M74 322 C72 220 96 160 124 154 C148 170 156 240 152 322 Z", ink.deep),
    fill("M74 322 C72 220 96 160 124 154 C112 190 104 250 106 322 Z", ink.pale),
    ...hoops,
    style % 2
      ? fill("M220 214 q26 -24 54 2 l6 34 q-32 10 -62 -2 Z", material.cream, { opacity: 0.85 })
      : stroke("M180 282 C240 268 300 272 356 286", ink.accent, 7),
  ].join("");
}

export function tarp(ink: Ink, style: number): string {
  const stripe =
    style % 2 ? fill("M148 148 L178 136 L202 262 L160 254 Z", ink.accent) : stroke("M200 128 L214 266", ink.light, 4);
  return [
    shadow(150),
    stroke("M66 322 L74 140", material.wood, 8),
    stroke("M334 322 L326 140", material.wood, 8),
    stroke("M74 146 L24 320 M326 146 L376 320", material.cord, 2.5),
    fill("M74 146 L200 124 L326 146 L352 262 Q276 240 200 268 Q124 240 48 262 Z", ink.base),
    fill("M74 146 L200 124 L200 268 Q124 240 48 262 Z", ink.dark),
    stripe,
    stroke("M48 262 L36 320 M352 262 L364 320 M200 268 L200 318", material.cord, 2.5),
    stroke("M28 320 l10 0 M192 320 l16 0 M360 320 l12 0", material.woodDark, 4),
    fill("M166 320 l12 -26 q22 -10 44 0 l12 26 Z", material.woodLight),
    fill("M182 320 l8 -16 q12 -6 20 0 l8 16 Z", material.woodDark),
    circle(74, 142, 6, ink.accent),
    circle(326, 142, 6, ink.accent),
  ].join("");
}

export function hammock(ink: Ink, style: number): string {
  const stripes = [0, 1, 2, 3].map((i) =>
    stroke(
      `M${112 + i * 12} ${186 + i * 9} C${160 + i * 4} ${256 + i * 8} ${240 - i * 4} ${256 + i * 8} ${288 - i * 12} ${186 + i * 9}`,
      i % 2 ? ink.accent : ink.light,
      style % 2 ? 7 : 3.5,
    ),
  );
  return [
    shadow(150),
    fill("M54 322 C60 230 56 150 50 70 L76 70 C78 150 84 240 92 322 Z", material.woodDark),
    fill("M308 322 C316 240 322 150 324 70 L350 70 C344 150 340 230 346 322 Z", material.woodDark),
    fill("M64 322 C70 230 68 150 64 70 L76 70 C78 150 84 240 92 322 Z", material.wood),
    fill("M334 322 C334 240 338 150 340 70 L350 70 C344 150 340 230 346 322 Z", material.wood),
    stroke("M64 134 L112 176 M68 140 L104 190 M336 134 L288 176 M332 140 L296 190", material.cord, 3),
    stroke("M54 132 L84 138 M316 138 L346 132", material.cord, 8),
    fill("M100 172 C124 300 276 300 300 172 C280 226 120 226 100 172 Z", ink.deep),
    fill("M100 172 C128 326 272 326 300 172 C272 268 128 268 100 172 Z", ink.base),
    ...stripes,
    fill("M136 214 q34 -24 64 6 q-14 20 -46 16 Z", material.cream),
  ].join("");
}
