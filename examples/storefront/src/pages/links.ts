import type { Product } from "../catalogue/generate.ts";
import type { Category, Department } from "../catalogue/taxonomy.ts";

export const departmentPath = (name: Department) => `/departments/${name.toLowerCase()}`;
export const categoryPath = ({ slug }: Category) => `/shelves/${slug}`;
export const productPath = ({ id }: Product) => `/products/${id}`;
export const picturePath = ({ id }: Product) => `/pictures/${id}.svg`;
