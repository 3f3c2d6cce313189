// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that must not be loaded, each refused for its own reason: an errno
 * alone would also be what a mistake in the test gives.
 */
#include "tierx_probe.h"

static void refused(const char *object, int err, const char *message)
{
	struct tierx_policy *policy = tierx_open(object);
	int got = tierx_load(policy);
	size_t len = strlen(tierx_log(policy));

	if (got == err && strstr(tierx_log(policy), message))
		return;
	FAIL("%s gives %d, not %d, or does not say '%s':\n%s", object, got, err, message,
	     tierx_log(policy) + (len > 700 ? len - 700 : 0));
}

#define REFUSED(name, err, message)                                                                \
	static void name(void)                                                                     \
	{                                                                                          \
		refused("refused_" #name, err, message);                                           \
	}

REFUSED(promote, -EACCES, "calling kernel function tierx_bpf_folio_promote is not allowed")
REFUSED(migrate, -EACCES, "calling kernel function tierx_bpf_pfn_migrate is not allowed")
REFUSED(dump, -EACCES, "calling kernel function tierx_bpf_dump_bstr is not allowed")
REFUSED(error, -EACCES, "calling kernel function tierx_bpf_error_bstr is not allowed")
REFUSED(policy_exit, -EACCES, "calling kernel function tierx_bpf_exit_bstr is not allowed")
REFUSED(look, -EACCES, "calling kernel function tierx_bpf_folio_pfn is not allowed")
REFUSED(untrusted, -EINVAL, "R1 must be referenced or trusted")
REFUSED(kept, -EINVAL, "arg#0 pointer type STRUCT folio must point to scalar")
REFUSED(wrong_type, -EINVAL,
	"expected pointer to STRUCT folio but R1 has a pointer to STRUCT vm_area_struct")
REFUSED(null, -EACCES, "invalid mem access 'map_value_or_null'")
REFUSED(bounds, -EACCES, "unbounded memory access, make sure to bounds check")
REFUSED(sleepable, -EINVAL, "attach to unsupported member hint_fault of struct tier_ext_ops")
REFUSED(sleepable_kfunc, -EACCES,
	"program must be sleepable to call sleepable kfunc bpf_copy_from_user_str")
REFUSED(helper, -EINVAL, "program of this type cannot use helper bpf_send_signal")
REFUSED(timer, -EINVAL, "program of this type cannot use helper bpf_timer_set_callback")
REFUSED(wq, -EACCES, "attach to unsupported member tick of struct tier_ext_ops")
REFUSED(write_folio, -EACCES, "a tier_ext policy may not write to kernel memory")
REFUSED(write_fault, -EACCES, "a tier_ext policy may not write to kernel memory")
REFUSED(write_args, -EACCES, "invalid bpf_context access off=0 size=8")
REFUSED(loop, -EINVAL, "infinite loop detected")
REFUSED(no_return, -EACCES, "R0 !read_ok")
REFUSED(dump_size, -EINVAL, "arg#1 arg#2 memory, len pair leads to invalid memory access")
REFUSED(syscall_prog, -EACCES, "calling kernel function tierx_bpf_access_queue is not allowed")
REFUSED(tracing, -EACCES, "calling kernel function tierx_bpf_pfn_migrate is not allowed")
REFUSED(congestion, -EACCES, "calling kernel function tierx_bpf_node_distance is not allowed")

/* What all of the above would be if the verifier had lost its mind. */
static void accepted(void)
{
	struct tierx_policy *policy = tierx_open("probe");

	if (tierx_load(policy))
		FAIL("%s", tierx_log(policy));
}

static const struct tierx_test tests[] = {
	TIERX_TEST(accepted, "a policy that does everything right is accepted"),
	TIERX_TEST(promote, "demote_target may not queue the folio"),
	TIERX_TEST(migrate, "admit may not queue a move"),
	TIERX_TEST(dump, "hint_fault may not write to the dump"),
	TIERX_TEST(error, "init may not raise an error"),
	TIERX_TEST(policy_exit, "exit may not end the policy"),
	TIERX_TEST(look, "tick has no folio to look at"),
	TIERX_TEST(untrusted, "a pointer that was cast is no folio"),
	TIERX_TEST(kept, "a folio cannot be kept"),
	TIERX_TEST(wrong_type, "a VMA is no folio"),
	TIERX_TEST(null, "a look-up has to be checked"),
	TIERX_TEST(bounds, "an index has to be checked"),
	TIERX_TEST(sleepable, "hint_fault may not sleep"),
	TIERX_TEST(sleepable_kfunc, "hint_fault may not call what sleeps"),
	TIERX_TEST(helper, "helpers of tracing programs are not for policies"),
	TIERX_TEST(timer, "a timer may not call the policy"),
	TIERX_TEST(wq, "a work queue may not call the policy"),
	TIERX_TEST(write_folio, "a folio is read-only"),
	TIERX_TEST(write_fault, "a context is read-only"),
	TIERX_TEST(write_args, "arguments are read-only"),
	TIERX_TEST(loop, "a loop has to end"),
	TIERX_TEST(no_return, "an answer has to be given"),
	TIERX_TEST(dump_size, "arguments of a dump have to be there"),
	TIERX_TEST(syscall_prog, "a syscall program may not call what is for tracing programs"),
	TIERX_TEST(tracing, "a tracing program may not move pages"),
	TIERX_TEST(congestion, "ops of another subsystem may not call a kfunc of policies"),
};

TIERX_TEST_MAIN(tests, tierx_unmet)
