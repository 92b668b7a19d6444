/**
 * What the kernel does, as tests: one file for each family of ops, named as the family is.
 *
 * <p>They run against the running kernel through the library's public API alone. A test that needs
 * what this kernel lacks says so ({@link org.uring4j.conformance.Needs}) and is skipped by name.
 */
package org.uring4j.conformance;
