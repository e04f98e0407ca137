# aestream/kernels.fatbin: the kernels for every architecture that nvcc knows, and PTX of the newest for those to come.
find_program(AESTREAM_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES bin)
if(NOT AESTREAM_NVCC)
  message(FATAL_ERROR "AESTREAM_CUDA=ON needs nvcc, which is neither in PATH nor in CUDA_HOME")
endif()
execute_process(COMMAND ${AESTREAM_NVCC} --list-gpu-arch OUTPUT_VARIABLE architectures COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${AESTREAM_NVCC} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
if(help MATCHES "--compress-mode")
  set(compression --compress-mode=size)  # a sixth of the default's
endif()
string(REGEX MATCHALL "[0-9]+" architectures "${architectures}")
set(targets "")
foreach(architecture IN LISTS architectures)
  list(APPEND targets -gencode arch=compute_${architecture},code=sm_${architecture})
  set(newest ${architecture})
endforeach()
list(APPEND targets -gencode arch=compute_${newest},code=compute_${newest})

# The options are those of nvrtc.cpp: both compilers make the same tensors.
set(AESTREAM_FATBIN ${CMAKE_CURRENT_BINARY_DIR}/kernels.fatbin)
set(folder ${CMAKE_CURRENT_LIST_DIR}/../accumulate/cuda)
file(GLOB kernels CONFIGURE_DEPENDS ${folder}/*.cuh)
set(source ${CMAKE_CURRENT_BINARY_DIR}/kernels.cu)
file(CONFIGURE OUTPUT ${source} CONTENT "#include \"kernels.cuh\"\n")
add_custom_command(OUTPUT ${AESTREAM_FATBIN}
  COMMAND ${AESTREAM_NVCC} --fatbin --std=c++17 --fmad=false --Werror=all-warnings ${compression} ${targets}
    -I${folder} -o ${AESTREAM_FATBIN} ${source}
  DEPENDS ${kernels} VERBATIM)
add_custom_target(kernels_fatbin ALL DEPENDS ${AESTREAM_FATBIN})
install(FILES ${AESTREAM_FATBIN} DESTINATION aestream)
