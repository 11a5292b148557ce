/// Asio's and Beast's non-template parts, compiled once instead of in every file that includes them
/// (BOOST_ASIO_SEPARATE_COMPILATION, BOOST_BEAST_SEPARATE_COMPILATION; im_http hands the definitions on to all who link it).

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
