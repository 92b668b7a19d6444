package org.uring4j.conformance;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names a device that a test cannot do without; where it is not there, the test is skipped by name.
 * The kernel lab makes them ({@code lab/devices} has their names and says what the values are).
 * Elsewhere, {@code -During4j.device.NAME=VALUE} says where one is that tests may write to.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsDevice.Condition.class)
@interface NeedsDevice {
    String value();

    /** Skips a test whose device is not there. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String device =
                    AnnotationSupport.findAnnotation(context.getElement(), NeedsDevice.class)
                            .map(NeedsDevice::value)
                            .orElse(null);
            if (device != null) {
                try {
                    Needs.device(device);
                } catch (TestAbortedException absent) {
                    return ConditionEvaluationResult.disabled(absent.getMessage());
                }
            }
            return ConditionEvaluationResult.enabled("nothing is missing");
        }
    }
}
