// TensorFlow's C API as kernels see it: inputs and outputs of a run, attributes, registration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

// From tensorflow/c/kernels.h, which includes headers that a wheel may lack.
extern "C" {
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*make)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*remove)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction, const char* name, float* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_GetAttrInt64List(TF_OpKernelConstruction* construction, const char* name, int64_t* values,
                                              int count, TF_Status* status);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* construction, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* shape,
                             int dimensions, size_t bytes, TF_Status* status);
}

namespace fovea {

// Inputs and outputs of one run; remembers the first failure.
class Run {
 public:
  explicit Run(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Run() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  TF_Tensor* input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    return hold(tensor);
  }

  TF_Tensor* output(int index, std::vector<int64_t> shape) {
    size_t bytes = sizeof(float);
    for (int64_t side : shape) bytes *= side;
    return hold(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), shape.size(), bytes, status_));
  }

  // False, and the op fails, where something went wrong or `fits` does not hold.
  bool good(bool fits, const char* requirement) {
    if (TF_GetCode(status_) == TF_OK && !fits) TF_SetStatus(status_, TF_INVALID_ARGUMENT, requirement);
    if (TF_GetCode(status_) == TF_OK) return true;
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }

 private:
  TF_Tensor* hold(TF_Tensor* tensor) {
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }

  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

inline float* values(TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }

inline std::vector<int64_t> shapeOf(TF_Tensor* tensor) {
  std::vector<int64_t> shape(TF_NumDims(tensor));
  for (size_t axis = 0; axis < shape.size(); axis += 1) shape[axis] = TF_Dim(tensor, axis);
  return shape;
}

using Names = std::vector<const char*>;

// Gives the first thing that went wrong, or an empty text. Eager ops take their shapes from what kernels make.
inline std::string registerOp(const char* name, const Names& inputs, const Names& outputs, const Names& attributes,
                              void* (*make)(TF_OpKernelConstruction*), void (*compute)(void*, TF_OpKernelContext*),
                              void (*remove)(void*)) {
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(
      op, [](TF_ShapeInferenceContext*, TF_Status* status) { TF_SetStatus(status, TF_OK, ""); });
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(op, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", make, compute, remove), status);
  }
  const std::string message = TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
  TF_DeleteStatus(status);
  return message;
}

}  // namespace fovea
