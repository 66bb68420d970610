drop table failed_logins;
drop table sessions;
