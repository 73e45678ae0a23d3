create table baskets (
    id       bigint primary key,
    customer text not null
);
