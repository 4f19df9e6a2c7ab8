/** The `n`th largest (from 1) of the first `count` numbers, which change their order (Hoare's quickselect, 1961). */
export function nthLargest(numbers: Float64Array, count: number, n: number): number {
  const wanted = n - 1;
  let [from, to] = [0, count - 1];
  while (from < to) {
    const pivot = numbers[(from + to) >> 1] as number;
    let [left, right] = [from, to];
    while (left <= right) {
      while ((numbers[left] as number) > pivot) left++;
      while ((numbers[right] as number) < pivot) right--;
      if (left > right) break;
      const swapped = numbers[left] as number;
      numbers[left++] = numbers[right] as number;
      numbers[right--] = swapped;
    }
    if (wanted <= right) to = right;
    else if (wanted >= left) from = left;
    else break;
  }
  return numbers[wanted] as number;
}
