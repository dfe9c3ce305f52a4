//! Delivery of alerts: a persistent outbox, mail, webhook and syslog.
