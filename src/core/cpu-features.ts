/**
 * What /proc/cpuinfo says of the processor and its kernel that no program can use, or that does not change what its
 * instructions do: two machines may differ in these.
 */
const irrelevant = new Set(
  (
    'acpi aperfmperf apic arat arch_capabilities arch_lbr arch_perfmon art bts cat_l2 cat_l3 cdp_l2 cdp_l3 ' +
    'constant_tsc cpb cpuid cpuid_fault cqm cqm_llc cqm_mbm_local cqm_mbm_total cqm_occup_llc dca de decodeassists ' +
    'ds_cpl dtes64 dtherm dts epb ept ept_ad est extapic extd_apicid flexpriority flush_l1d flushbyasid hfi hw_pstate ' +
    'hwp hwp_act_window hwp_epp hwp_notify hwp_pkg_req hypervisor ibpb ibpb_exit_to_user ibrs ibrs_enhanced ibs ida ' +
    'intel_ppin intel_pt invpcid_single irperf kaiser la57 lbrv lapic mba mca mce md_clear monitor mtrr mwaitx nodeid_msr ' +
    'nonstop_tsc nonstop_tsc_s3 nopl npt nrip_save ospke osvw overflow_recov pat pausefilter pbe pcid pconfig pdcm ' +
    'perfctr_core perfctr_llc perfctr_nb perfmon_v2 pfthreshold pge pln proc_feedback pti pts rapl rep_good rdt_a ' +
    'retpoline ring3mwait rsb_ctxsw sdbg skinit smap sme sev sev_es sev_snp smca smep smx ssbd stibp stibp_always_on ' +
    'succor svm svm_lock tce tm tm2 topoext tpr_shadow tsc_adjust tsc_deadline_timer tsc_known_freq tsc_reliable tsc_scale ' +
    'v_vmsave_vmload vgif vmcb_clean vme vmmcall vmx vnmi vpid wbnoinvd wdt x2apic x2avic xtopology xtpr zen split_lock_detect ' +
    'bus_lock_detect tdx_guest tme v_spec_ctrl virt_ssbd amd_lbr_v2 amd_lbr_pmc_freeze auto_ibrs ' +
    'evtstrm cpuid'
  ).split(' '),
);

/** Instructions and registers that the source has and the target lacks: a program may have found and use them. */
export function missingCpuFeatures(source: readonly string[], target: readonly string[]): readonly string[] {
  const has = new Set(target);
  return source.filter((feature) => !has.has(feature) && !irrelevant.has(feature));
}

/** Those of a processor's flags that matter to a program. */
export function relevantCpuFeatures(flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => !irrelevant.has(flag));
}
