package org.uring4j.resource;

import org.uring4j.internal.uapi.InterfaceTable;

import java.util.List;

/** The kernel's names of ops and registrations, and their numbers. */
final class Names {
    private Names() {}

    static int op(String name) {
        return find(InterfaceTable.OPS, name);
    }

    static int registerOp(String name) {
        return find(InterfaceTable.REGISTER_OPS, name);
    }

    private static int find(List<InterfaceTable.Entry> table, String name) {
        for (InterfaceTable.Entry entry : table) {
            if (entry.name().equals(name)) {
                return (int) entry.value();
            }
        }
        throw new IllegalArgumentException(
                "the kernel has no such name: name=" + name + "; one is " + table.get(0).name());
    }
}
