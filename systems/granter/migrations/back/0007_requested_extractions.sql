drop table requested_extractions;
