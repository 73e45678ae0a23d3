create table products (
    id         bigint primary key,
    name       text not null,
    unit_price bigint not null
);
