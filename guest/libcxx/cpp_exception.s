# The tag that every C++ exception is thrown with: one pointer, the exception object.
	.tagtype	__cpp_exception i32
	.globl	__cpp_exception
__cpp_exception:
