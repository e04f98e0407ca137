// Mean and standard deviation of the elements of a tensor that are not about zero.
#pragma once

#include <cstddef>

namespace aestream {

/// Makes every element larger in size than `floor` (v - mean) / std of all of these, std with n - 1; v - mean where std is 0.
void normalize(float* elements, std::size_t size, float floor);

}  // namespace aestream
